// SPDX-License-Identifier: MIT
#include "hints.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *key, *text;
} hints[] = {
    /* starting */
    {"not-started", "The server ended, or waits for something, before it listened on a port. Run "
                    "the same command by hand."},
    {"not-found", "The command cannot be run. Is it compiled? Is the path right, seen from where "
                  "you called make? Is its first line (#!) right?"},
    {"not-permitted",
     "A graded server runs as an ordinary user, and may write files only below the directory where "
     "you called make, and in /tmp. What it writes is thrown away."},
    {"stdout-buffered",
     "The server listens but has printed nothing. Output that does not go to a terminal is kept "
     "back until it is flushed: fflush(stdout), print(..., flush=True), or print to standard "
     "error. Or put {port} into the command; then no line is needed."},
    {"other-form",
     "The server says where it listens in another form. The line must end in: listening on "
     "127.0.0.1:PORT. Or put {port} into the command; then no line is needed."},
    {"background", "The program that was started ends, and another process goes on. A server must "
                   "stay in the foreground: whoever started it waits for it, and can end it."},
    {"fixed-port",
     "The server listens on another port than it was told. Take the port from the address, the "
     "last word of the command line, or put {port} where your server expects it."},
    /* answers */
    {"no-answer", "Nothing comes back. After accept, read from the client's socket and write what "
                  "you have read to the same socket."},
    {"answers-no-more",
     "This client was answered before, and is not any more. Did these bytes break something: are "
     "they decoded as text, or taken for a command? The server's last lines may tell."},
    {"waits-for-newline",
     "The answer came after one more newline had been sent: the server reads whole lines. Bytes "
     "come in pieces of any size; send back what one read returns, whatever it is."},
    {"waits-for-end", "The answer came when the client had finished sending: the server reads to "
                      "the end first. Send back what one read returns before you read again."},
    {"waits-for-more",
     "The answer came when more had been sent: the server waits until its buffer is full, or calls "
     "read again because it was. A read that returns less than the buffer holds is no reason to "
     "wait, and one that fills it does not promise more: answer after each."},
    {"changes-bytes",
     "The bytes that came back are not those that were sent. Do not decode them into text, trim "
     "them or convert them: keep them as bytes, with their number."},
    {"cut-at-nul", "The answer stops at a byte of value 0. strlen, strcpy and %s stop there: use "
                   "the number that read returned."},
    {"adds-bytes", "The server sends something of its own before the answer. An echo is exactly "
                   "the bytes that were read: no greeting, no prefix, no prompt."},
    {"adds-newline", "There are line ends in the answer that nobody has sent. puts, println and "
                     "print add one: write exactly the bytes that were read."},
    {"cut-at-buffer",
     "The answer stops where a buffer of the server is full. One read returns only what fits: go "
     "on reading and answering until read returns 0 (or, with EPOLLET, EAGAIN)."},
    {"whole-buffer",
     "The server sends more of its buffer than it has read. Send as many bytes as read returned."},
    {"short-write", "Bytes are missing. write and send may take only a part of what they are "
                    "given: look at what they return, and send the rest later."},
    {"repeats-bytes", "Bytes come twice. After a write that took only a part, go on from where it "
                      "stopped, not from the beginning of the buffer."},
    {"closes-early", "The server has closed the connection before everything was answered. Read "
                     "and answer in a loop until read returns 0; or has something failed in "
                     "between, or a time-out ended it, and the socket was closed for that?"},
    {"closes-at-255", "The server has closed the connection at a byte of value 255. Is it put into "
                      "a char or a byte, and then taken for -1, the end? Keep what read returns in "
                      "an int. Or has decoding it as text failed? Keep bytes as bytes."},
    {"never-closes", "The answer is complete, but the connection is never closed. When read "
                     "returns 0, the client has finished: answer what is left, then close its "
                     "socket. (With fork: close it in the parent, too.)"},
    {"spins-at-end", "The answer is complete, but the connection is never closed, and the server "
                     "is busy. When read returns 0, or fails, it will do so again at once: end the "
                     "loop, and close the client's socket."},
    {"resets-instead", "The connection was reset, not closed. The kernel does that if a socket is "
                       "closed while there is something left to read in it, or with SO_LINGER and "
                       "a time of 0, or if the process is killed."},
    {"loses-at-half-close", "A client that has finished sending still reads. When read returns 0, "
                            "send what is owed, then close. (In Node: allowHalfOpen: true.)"},
    /* clients */
    {"one-at-a-time", "While some clients are silent no other is served. The server waits in read "
                      "for one of them: use a process or a thread for each client, or wait for all "
                      "of them at once (select, poll, epoll). If it has threads or processes: are "
                      "there too few of them in the pool? Does it wait for one (join, wait), or "
                      "call its function itself (target=serve(c)), before it accepts again?"},
    {"forgotten", "A client that was silent at first is not answered, though one that came later "
                  "was. Does each thread have a socket of its own? If it is given the address of "
                  "the accept loop's variable (&fd), it finds a later client's socket there."},
    {"not-again", "After a client had left, the next one was not served. accept belongs in a "
                  "loop, and the listening socket must stay open."},
    {"shared-buffer",
     "A client got bytes that another had sent. Is a buffer, or its length, shared: global, "
     "static, or a member of the server? Each client needs its own. Or are answers sent to all "
     "clients? An echo goes to the one that sent the bytes."},
    {"died-on-reset",
     "A client reset its connection, and the server ended. ECONNRESET, EPIPE and the like are that "
     "client's trouble: catch them where that client is served, close its socket, go on."},
    {"lost-by-reset",
     "A client reset its connection, and the others are no longer served. ECONNRESET, EPIPE and "
     "the like are that client's trouble alone: close its socket, and go on."},
    {"sigpipe",
     "The server wrote to a client that was gone, and SIGPIPE killed it. Ignore SIGPIPE, or send "
     "with MSG_NOSIGNAL; write then fails with EPIPE, and you close that client."},
    {"died", "The server has ended. Its last lines, or a debugger, tell why; a sanitizer "
             "(-fsanitize=address) tells more."},
    {"leaks-descriptors",
     "Descriptors stay open after their clients have left. Close each client's socket on every way "
     "out; after fork, the parent closes its copy."},
    {"zombies",
     "Children have ended, and their parent never asked how: they stay as zombies. Signals do not "
     "queue: for one SIGCHLD call waitpid(-1, ..., WNOHANG) until there are no more."},
    {"leaks-threads", "Threads or processes go on after their clients have left. What serves a "
                      "client must end when read returns 0 or fails."},
    /* robust */
    {"emfile-exit",
     "A call failed because the process had no descriptor left (EMFILE), and the server ended. The "
     "shortage is over when a client leaves: pause, or wait for that, and call accept again."},
    {"emfile-spin", "accept fails again and again (EMFILE), and the server tries without a pause: "
                    "the client in the queue keeps the listener ready. Leave the listener alone "
                    "for a moment (100 ms), or until a client leaves."},
    {"emfile-stuck",
     "After accept had failed (EMFILE) no client is accepted any more. The shortage is over when a "
     "client leaves: catch the error, and call accept again later."},
    {"room-exit",
     "No thread or process could be made for a client (EAGAIN), and the server ended. The shortage "
     "is over when a client leaves: close the new client, or let it wait, and go on."},
    {"room-stuck",
     "After no thread or process could be made (EAGAIN) no client is served any more. The shortage "
     "is over when a client leaves: catch the error, and go on accepting."},
    {"no-back-pressure",
     "The server keeps taking bytes from a client that reads no answers, and keeps the answers in "
     "memory. Stop reading from a client that is owed something. (Node: pause() until 'drain'; "
     "asyncio: await writer.drain().)"},
    {"held-up-by-reader", "One client does not read its answers, and the others wait. A blocking "
                          "write waits for that one client: write without blocking, keep the rest, "
                          "and go on when poll says that there is room."},
    {"spins-idle", "The server uses CPU time though there is nothing to do. Is there a time-out of "
                   "0, a non-blocking call in a loop, or a socket that is waited for to be "
                   "writable with nothing to write?"},
    {"spins-on-half-close", "The server uses CPU time while it waits for a slow client. A socket "
                            "at its end is always readable: do not wait for that any more when "
                            "read has returned 0, or when you would not read."},
    {"endless-log", "The server prints without an end. A log line that a client can cause, or one "
                    "in a loop, needs a limit."},
    {"busy", "The server uses all the CPU time it can get, and does nothing else."},
    {"bomb", "The server starts processes or threads without an end."},
    {"goes-on",
     "The server of step 01 serves one client: when that has left, it ends, with status 0."},
    {"end-status", "When its client has left, the server of step 01 ends with status 0, whatever "
                   "the client has done."},
    {"memory", "The server's memory grows without an end."},
    /* orderly */
    {"term-ignored", "The server does not end when it is told to (TERM, or INT). Close the "
                     "listener, finish the clients, end. A blocking call goes on after a handler "
                     "with SA_RESTART; without it, it fails with EINTR."},
    {"term-status", "The server was told to end, and did so, but not with status 0: it has no "
                    "handler for this signal, or ends in one with an error."},
    {"term-reset",
     "When the server was told to end, its clients did not get what had been answered. Send what "
     "is owed, shutdown(SHUT_WR), read what has arrived, and only then close."},
    {"left-behind", "The server has ended, and something that it started goes on. End children "
                    "before you end, and wait for them."},
    {"quit-drops", "QUIT means: accept no more, but serve the clients there are until they leave. "
                   "Then end, with status 0."},
    {"no-reuseaddr", "The port cannot be used again at once, since connections of the last server "
                     "are in TIME_WAIT. Set SO_REUSEADDR before bind."},
    {"second-start",
     "A second server started on a port that is in use, and did not fail. Without SO_REUSEPORT "
     "bind says EADDRINUSE: print that, and end with a status that is not 0."},
    /* the counter */
    {"wrong-reply",
     "Each line is answered with one line: read with the value, inc with \"Counter has been "
     "incremented\", anything else with \"Unknown command\". Words are exact."},
    {"reply-not-ended", "A reply has come without the newline that ends it. Each reply is a line."},
    {"line-lost", "Several lines came in one read, and not all were answered. Look for the next "
                  "newline in what is left, until there is none; keep the rest for the next read."},
    {"keeps-cr", "A carriage return before the newline belongs to the line end. Take one off."},
    {"line-in-pieces", "A line came in pieces, and each piece was taken for a line. Keep what has "
                       "no newline yet, and add what the next read brings."},
    {"long-line", "A line of more than 1,024 bytes is one line, too: drop what is more than that, "
                  "remember that you did, and answer \"Unknown command\" once, at its newline."},
    {"last-line",
     "The last line of a client that has finished sending counts without a newline, too."},
    {"private-counter", "Each client has a counter of its own. There is one for all: processes do "
                        "not share their memory, so one process must have it."},
    {"counts-wrong",
     "Increments were lost when clients came at once. counter++ is three things: "
     "read, add, write. Use an atomic, a mutex, or one thread, and add before you answer."},
};

const char *hint_text(const char *key)
{
    for (size_t i = 0; key && i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i].key, key) == 0)
            return hints[i].text;
    return NULL;
}
