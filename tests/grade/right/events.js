// grade: right
// step: 04 06
// run: env PORT={port} node FILE
// needs: node
// full: core robust orderly
// Node by its events: pauses a client until what it was sent has drained; stops in order.
const net = require('net');

const port = Number(process.env.PORT || 9000);
const server = net.createServer({ allowHalfOpen: true });

server.on('connection', (socket) => {
  socket.on('data', (chunk) => {
    if (!socket.write(chunk)) {
      socket.pause();
    }
  });
  socket.on('drain', () => socket.resume());
  socket.on('end', () => socket.end());
  socket.on('error', (error) => console.error(`client: ${error.message}`));
});

server.on('error', (error) => {
  console.error(`server: ${error.message}`);
  if (!server.listening) {
    process.exit(1);
  }
});

process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
process.on('SIGQUIT', () => server.close(() => process.exit(0)));

server.listen(port, '127.0.0.1', () => console.log(`server on port ${port}`));
