// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: reset gone gives-back
// hint: died-on-reset
// The socket has no handler for 'error': Node throws it when a client resets, and the whole server
// ends.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.pipe(socket);
});

server.listen(Number(process.argv[2]), '127.0.0.1');
