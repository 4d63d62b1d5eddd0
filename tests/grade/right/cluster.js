// grade: right
// step: 03
// run: node FILE {port}
// needs: node
// full: core robust
// Node's cluster: as many processes as there are CPUs accept from one listening socket. TERM kills
// the first, and its workers end with it.
const cluster = require('cluster');
const net = require('net');
const os = require('os');

if (cluster.isPrimary) {
  for (const _ of os.cpus()) cluster.fork();
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
