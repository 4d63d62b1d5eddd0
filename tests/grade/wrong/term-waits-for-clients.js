// grade: wrong
// step: 03
// run: node FILE
// needs: node
// loses: term
// hint: term-waits
// server.close alone ends nothing while there is a client: TERM is without effect until all leave.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'])
    process.on(signal, () => server.close());
const [host, port] = process.argv[2].split(':');
server.listen(Number(port), host, () => {
    console.log(`listening on ${host}:${server.address().port}`);
});
