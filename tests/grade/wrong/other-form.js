// grade: wrong
// step: 03
// run: node FILE
// needs: node
// loses: starts
// hint: other-form
// It says where it listens in a form of its own, without the host.
const net = require('net');
const [host, port] = process.argv[2].split(':');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', (error) => console.log('client:', error.code));
  socket.pipe(socket);
});

server.listen(Number(port), host, () => {
  console.log(`Server started! Listening on port ${server.address().port} ...`);
});
