// grade: wrong
// step: 05
// run: node FILE {port}
// needs: node
// loses: shared count
// hint: private-counter
// The counter is declared in the handler of a connection: every client has its own.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    let counter = 0;
    let rest = '';

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
