// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: pressure
// hint: no-back-pressure
// What write returns is ignored: it keeps in memory whatever a client does not read.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (data) => socket.write(data));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
});

for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => process.exit(0));
server.listen(Number(process.argv[2]), '127.0.0.1');
