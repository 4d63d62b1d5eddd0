// grade: wrong
// step: 05
// run: node FILE
// needs: node
// loses: pieces
// hint: line-in-pieces
// Each read is taken for whole lines: "in" and "c", a moment later, are two unknown commands.
const net = require('net');

let counter = 0;

function answer(line) {
    if (line.endsWith('\r'))
        line = line.slice(0, -1);
    if (line === 'read')
        return `${counter}\n`;
    if (line === 'inc') {
        counter++;
        return 'Counter has been incremented\n';
    }
    return 'Unknown command\n';
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (data) => {
        const lines = data.toString('latin1').split('\n');
        if (lines[lines.length - 1] === '')
            lines.pop();
        if (!socket.write(lines.map(answer).join('')))
            socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
});

for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => process.exit(0));
process.on('SIGQUIT', () => server.close());
const [host, port] = process.argv[2].split(':');
server.listen(Number(port), host, () => {
    console.log(`listening on ${host}:${server.address().port}`);
});
