// SPDX-License-Identifier: MIT
/*
 * node: echo with Node's net, the way its documentation does it: the socket is piped into itself.
 *
 * Run:      node bench/peers/node.js PORT
 *
 * pipe() stops reading while the client does not take its answer, and ends the socket after the
 * last byte. Node leaves TCP_NODELAY off for servers of net, and raises the limit of descriptors by
 * itself.
 */
'use strict';
const net = require('net');

const server = net.createServer((client) => {
    client.on('error', () => client.destroy());
    client.pipe(client);
});
server.on('error', (error) => {
    console.error(`node: ${error.message}`);
    process.exit(1);
});

const port = Number(process.argv.at(-1).split(':').pop());
server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => {
    console.error(`node: listening on 127.0.0.1:${server.address().port}`);
});
