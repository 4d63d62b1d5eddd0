// grade: wrong
// step: 03
// run: node FILE
// needs: node
// loses: half-close large late next gives-back
// hint: never-closes
// allowHalfOpen without a handler for 'end': it answers everything after a half-close, and never
// closes its side.
const net = require('net');
const [host, port] = process.argv[2].split(':');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('data', (data) => {
    if (!socket.write(data)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('error', (error) => console.log('client:', error.code));
});

server.listen(Number(port), host, () => {
  console.log(`echo server listening on ${host}:${server.address().port}`);
});
