// grade: wrong
// step: 02
// run: node FILE
// needs: node
// loses: next half-close late reset gone gives-back
// hint: not-again
// It closes the server when its first client has come: nobody else gets in.
const net = require('net');
const [host, port] = process.argv[2].split(':');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', (error) => console.log('client:', error.code));
  socket.on('close', () => console.log('client has left'));
  socket.pipe(socket);
  server.close();
});

server.listen(Number(port), host, () => {
  console.log(`listening on ${host}:${server.address().port}`);
});
