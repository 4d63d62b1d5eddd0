// grade: right
// step: 03
// run: node FILE
// needs: node
// full: core robust
// Node with each socket piped into itself; TERM, INT and QUIT kill it, so it loses the orderly
// tests of these.
const net = require('net');

const [host, port] = process.argv[2].split(':');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});

server.on('error', (error) => {
  console.error(error.message);
  if (error.syscall !== 'accept') process.exit(1);
});

server.listen(Number(port), host, () => {
  const { address, port } = server.address();
  console.log(`listening on ${address}:${port}`);
});
