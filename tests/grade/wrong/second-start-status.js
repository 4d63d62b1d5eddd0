// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: second
// hint: second-start
// The error of listen is printed, and then there is nothing left to do: status 0.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
});

server.on('error', (error) => console.error(error.message));
for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => process.exit(0));
process.on('SIGQUIT', () => server.close());
server.listen(Number(process.argv[2]), '127.0.0.1');
