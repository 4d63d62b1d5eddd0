// grade: wrong
// step: 03
// run: node FILE
// needs: node
// loses: term
// hint: term-reset
// On TERM every client is reset, to be sure that it is gone.
const net = require('net');

const sockets = new Set();
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
});

function stop() {
    server.close();
    for (const socket of sockets)
        socket.resetAndDestroy();
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('SIGQUIT', () => server.close());
const [host, port] = process.argv[2].split(':');
server.listen(Number(port), host, () => {
    console.log(`listening on ${host}:${server.address().port}`);
});
