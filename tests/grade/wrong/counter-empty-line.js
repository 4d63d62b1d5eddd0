// grade: wrong
// step: 05
// run: node FILE {port}
// needs: node
// loses: exact
// hint: wrong-reply
// An empty line is skipped, and gets no answer, though it is an unknown command like others.
const net = require('net');

let counter = 0;

function answer(line) {
    if (line.endsWith('\r'))
        line = line.slice(0, -1);
    if (line === '')
        return '';
    if (line === 'read')
        return `${counter}\n`;
    if (line === 'inc') {
        counter++;
        return 'Counter has been incremented\n';
    }
    return 'Unknown command\n';
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let rest = '';
    socket.on('data', (data) => {
        const lines = (rest + data.toString('latin1')).split('\n');
        rest = lines.pop().slice(0, 1026);
        if (!socket.write(lines.map(answer).join('')))
            socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end(rest ? answer(rest) : ''));
    socket.on('error', () => socket.destroy());
});

for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => process.exit(0));
process.on('SIGQUIT', () => server.close());
server.listen(Number(process.argv[2]), '127.0.0.1');
