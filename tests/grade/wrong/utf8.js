// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: bytes large late
// hint: changes-bytes
// It takes bytes for text: what is not valid UTF-8 comes back as U+FFFD.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    if (!socket.write(text)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('end', () => socket.end());
  socket.on('error', (error) => console.log('client:', error.code));
});

server.listen(Number(process.argv[2]), '127.0.0.1');
