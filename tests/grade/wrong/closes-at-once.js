// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: half-close late
// hint: loses-at-half-close
// When the client half-closes it destroys the socket: answers that are still in the making are
// lost.
const net = require('net');

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('data', (data) => {
    setTimeout(() => { // a real service would work for its answer
      if (!socket.write(data)) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    }, 20);
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', (error) => console.log('client:', error.code));
});

server.listen(Number(process.argv[2]), '127.0.0.1');
