// grade: right
// step: 03
// run: node FILE {port}
// needs: node
// full: core robust
// Node's cluster: four processes accept from one listening socket. TERM kills it, and when its port
// is taken it forks without end: it loses orderly tests.
const cluster = require('cluster');
const net = require('net');

if (cluster.isPrimary) {
  for (let i = 0; i < 4; i++) cluster.fork();
  cluster.on('exit', (worker) => {
    console.log(`worker ${worker.process.pid} has died`);
    cluster.fork();
  });
} else {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  server.listen(Number(process.argv[2]), '127.0.0.1');
}
