// grade: wrong
// step: 03
// run: node FILE
// needs: node
// loses: quit
// hint: quit-drops
// QUIT closes the listener, and then all the clients that should have been served to their end.
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
        socket.destroySoon();
    setTimeout(() => process.exit(0), 500);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'])
    process.on(signal, stop);
const [host, port] = process.argv[2].split(':');
server.listen(Number(port), host, () => {
    console.log(`listening on ${host}:${server.address().port}`);
});
