// SPDX-License-Identifier: MIT
#include "hints.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *key, *text;
} hints[] = {
    /* starting */
    {"not-started", "The server ended, or waits for something, before it listened on a port. Run "
                    "the same command by hand to see what it does."},
    {"not-found",
     "The command cannot be run. Is the program compiled, and is its path right as seen from where "
     "you "
     "called make? A script needs a first line (#!) that names its interpreter, and chmod +x; or "
     "write the interpreter into the command."},
    {"not-permitted",
     "Something was refused to the server. While it is graded it runs as an ordinary user: it may "
     "write only in /tmp and where you called make, and may not bind a port below 1024. Did it "
     "take an address for a number? Of 127.0.0.1:9000, atoi makes port 127."},
    {"stdout-buffered",
     "The server listens, but nothing it printed has arrived. Output that does not go to a "
     "terminal is held back until it is flushed: call fflush(stdout), print(..., flush=True), or "
     "print to standard error. Or put {port} into the command: then no line is needed."},
    {"other-form",
     "The grader found no line that says where the server listens. The line must end in: listening "
     "on 127.0.0.1:PORT. Or put {port} into the command: then no line is needed."},
    {"background", "The program that was started ended, and another process of it lives on. Stay "
                   "in the foreground: do not fork and exit, do not call daemon()."},
    {"fixed-port",
     "The server listens somewhere else than it was told. Take the address from the last word of "
     "the command line, or put {port} into the command where your server expects its port."},
    /* answers */
    {"no-answer", "No answer came. After accept, read from the new socket that accept returned, "
                  "and write what you read to that same socket."},
    {"answers-no-more",
     "The server has answered before, and does not any more. Did these bytes break something: are "
     "they decoded as text, or taken for a command? The server's last lines may tell."},
    {"waits-for-newline",
     "The answer came only after one more newline: the server waits for whole lines. TCP carries "
     "bytes, not lines. Send back whatever one read returns."},
    {"waits-for-end",
     "The answer came only after the client had finished sending: the server reads to the end "
     "first. Send back what one read returns before you read again."},
    {"waits-for-more",
     "The answer came when more had been sent: the server waits until its buffer is full, or calls "
     "read again because it was. A read that returns less than the buffer holds is no reason to "
     "wait, and one that fills it does not promise more: answer after each."},
    {"changes-bytes",
     "The bytes that came back are not the bytes that were sent. Do not decode, trim or convert "
     "them, and add nothing, not even a greeting: keep them as bytes, with their number."},
    {"adds-bytes", "The server sends something of its own before the answer. An echo is exactly "
                   "the bytes that were read: no greeting, no prefix, no prompt."},
    {"cut-at-nul", "The answer stops at a zero byte. strlen, strcpy and %s stop there, too. Use "
                   "the number that read returned."},
    {"adds-newline", "The answer contains newlines that the client did not send. puts, println and "
                     "print add one: write exactly the bytes that you read."},
    {"cut-at-buffer", "The answer stops where a buffer of the server is full. One read returns "
                      "only what fits: keep reading and answering until read returns 0 "
                      "(with EPOLLET: EAGAIN)."},
    {"whole-buffer", "The server sends more of its buffer than it has read. Send only as many "
                     "bytes as read returned."},
    {"short-write", "Some bytes are missing. write and send may take only part of what you give "
                    "them: look at what they return, and send the rest later."},
    {"repeats-bytes", "Some bytes came twice. When a write takes only part, go on from where it "
                      "stopped, not from the start of the buffer."},
    {"closes-early", "The server closed the connection before everything was answered. Read and "
                     "answer in a loop until read returns 0. If you do, look for a call that "
                     "failed on the way and made the server close the socket."},
    {"closes-at-255", "The server has closed the connection at a byte of value 255. Is it put into "
                      "a char or a byte, and then taken for -1, the end? Keep what read returns in "
                      "an int. Or has decoding it as text failed? Keep bytes as bytes."},
    {"never-closes",
     "The answer is complete, but the server never closes the connection. When read returns 0, the "
     "client has finished sending: send what is left, then close that client's socket. After fork, "
     "the parent must close its copy, too."},
    {"spins-at-end", "The answer is complete, but the connection is never closed, and the server "
                     "is busy. When read returns 0, or fails, it will do so again at once: end the "
                     "loop, and close the client's socket."},
    {"resets-instead", "The connection was reset, not closed. The kernel does that if a socket is "
                       "closed while there is something left to read in it, or with SO_LINGER and "
                       "a time of 0, or if the process is killed."},
    {"loses-at-half-close", "A client that has finished sending still reads. When read returns 0, "
                            "send everything you owe, then close. (In Node: allowHalfOpen: true.)"},
    /* clients */
    {"one-at-a-time", "While some clients are silent no other is served. The server waits in read "
                      "for one of them: use a process or a thread for each client, or wait for all "
                      "of them at once (select, poll, epoll). If it has threads or processes: are "
                      "there too few of them in the pool? Does it wait for one (join, wait), or "
                      "call its function itself (target=serve(c)), before it accepts again?"},
    {"forgotten", "A client that was silent at first is not answered, though one that came later "
                  "was. Does each thread have a socket of its own? If it is given the address of "
                  "the accept loop's variable (&fd), it finds a later client's socket there."},
    {"not-again", "After a client had left, another one was not served. Call accept in a loop, and "
                  "keep the listening socket open."},
    {"shared-buffer",
     "A client got bytes that another had sent. Is a buffer, or its length, shared: global, "
     "static, or a member of the server? Each client needs its own. Or are answers sent to all "
     "clients? An echo goes to the one that sent the bytes."},
    {"died-on-reset",
     "A client reset its connection, and the server ended. ECONNRESET and EPIPE concern that one "
     "client only: catch them where you serve it, close its socket, and go on. (In Node: "
     "socket.on('error', ...).)"},
    {"lost-by-reset",
     "A client reset its connection, and the server stopped serving the others. ECONNRESET and "
     "EPIPE concern that one client only: close its socket, and go on."},
    {"sigpipe",
     "The server wrote to a client that was gone, and SIGPIPE killed it. Ignore SIGPIPE, or send "
     "with MSG_NOSIGNAL. The write then fails with EPIPE, and you close that client."},
    {"died", "The server ended. Its last lines may tell why. If not, run it in a debugger, or, in "
             "C, compile it with -fsanitize=address and try again."},
    {"leaks-descriptors",
     "Descriptors stay open after their clients have left. Close each client's socket on every way "
     "out of the code that serves it. After fork, the parent must close its copy, too."},
    {"zombies", "Children that have ended stay as zombies, because the server has not waited for "
                "them. One SIGCHLD can stand for several children: each time, call waitpid(-1, "
                "NULL, WNOHANG) until no more are left."},
    {"leaks-threads", "Threads or processes live on after their clients have left. What serves a "
                      "client must end when read returns 0 or fails."},
    /* robust */
    {"emfile-exit",
     "accept failed because the process had no descriptor left (EMFILE), and the server ended. "
     "Descriptors come back when clients leave: pause for a moment, then call accept again."},
    {"emfile-spin", "accept fails because no descriptor is left (EMFILE), and the server retries "
                    "without a pause. The client that waits makes accept, or poll, return at once. "
                    "Ignore the listener for 100 ms, or until a client leaves."},
    {"emfile-stuck",
     "accept failed because no descriptor was left (EMFILE), and after that no client was accepted "
     "any more. Descriptors come back when clients leave: call accept again later."},
    {"room-exit",
     "The server could not start another thread or process (EAGAIN), and it ended. There is room "
     "again when clients leave: close the new client, or let it wait, and go on."},
    {"room-stuck",
     "The server could not start another thread or process (EAGAIN), and after that it served no "
     "new client. There is room again when clients leave: keep accepting."},
    {"no-back-pressure",
     "The client reads no answers, yet the server keeps reading from it and must store every "
     "answer. Stop reading from a client while you owe it something. (In Node: pause() until "
     "'drain'; in asyncio: await writer.drain().)"},
    {"held-up-by-reader", "One client does not read its answers, and the others have to wait. A "
                          "blocking write waits for that client. Write without blocking, keep the "
                          "rest, and go on when poll says that the socket is writable."},
    {"spins-idle", "The server uses CPU time although there is nothing to do. Look for a timeout "
                   "of 0, for a non-blocking call in a loop, and for a socket that you watch for "
                   "writing with nothing to write."},
    {"spins-on-half-close", "The server uses CPU time while it waits for a client that does not "
                            "read. A socket with unread bytes, or at its end, is always readable: "
                            "watch it for reading only while you want to read."},
    {"endless-log", "The server prints without end. Limit every log line that a client can cause "
                    "or that a loop repeats."},
    {"eintr",
     "The server was stopped for a moment (SIGSTOP, SIGCONT), and ended: a call such as epoll_wait "
     "then fails with EINTR. That is no error: call it again."},
    {"busy", "The server keeps using CPU time and gets nowhere. Look for a loop that never ends, "
             "for instance one that ignores a read of 0 or an error."},
    {"bomb", "The server keeps starting processes or threads. Start one for each client at most, "
             "and none in a loop that does not wait."},
    {"sockets",
     "The server keeps opening sockets. Open one for each client at most, and close it when "
     "that has left."},
    {"goes-on", "The server of step 01 serves one client. When that client has left, the server "
                "must end, with status 0."},
    {"end-status", "The server of step 01 must end with status 0 when its client has left, even if "
                   "the client reset the connection."},
    {"memory", "The server's memory keeps growing. Does it store what it reads, or allocate in a "
               "loop without freeing?"},
    /* orderly */
    {"term-ignored",
     "The server was told to end (by TERM, INT or QUIT), and it still listens. Its handler must "
     "wake a "
     "call that blocks: install it without SA_RESTART, and the call fails with EINTR. Then close "
     "the listener, finish the clients, and end."},
    {"term-waits",
     "The server was told to end, and it listens no more; but it waits for its clients, or for its "
     "threads. On TERM and INT end their connections yourself, then end."},
    {"term-status", "The server ended on the signal, but not with status 0. Handle the signal: "
                    "close the listener, finish the clients, and exit with 0."},
    {"term-reset",
     "When the server was told to end, a client was reset and may have lost its answers. Send what "
     "you owe, call shutdown(SHUT_WR), read what has arrived, and only then close."},
    {"left-behind", "The server ended, but a process or connection of it is still there. End your "
                    "children first, and wait for them."},
    {"quit-drops", "QUIT means: stop accepting, but serve the clients that are there until they "
                   "leave. Then end, with status 0."},
    {"no-reuseaddr", "The server could not listen on its port again at once: old connections are "
                     "still in TIME_WAIT. Set SO_REUSEADDR before bind."},
    {"second-start",
     "A second server was started on a port in use, and it did not fail. When bind or listen fails "
     "with EADDRINUSE, print that and end with a status other than 0. Do not set SO_REUSEPORT."},
    /* the counter */
    {"wrong-reply",
     "Each line gets one line back: read gets the value, inc gets \"Counter has "
     "been incremented\", anything else, also an empty line, gets \"Unknown "
     "command\". The words must match exactly: only LF, and one CR before it, are taken "
     "off, and a NUL is a byte like any other."},
    {"reply-not-ended", "A reply has come without the newline that ends it. Each reply is a line."},
    {"line-lost", "Several lines arrived in one read, and not all were answered. Look for newlines "
                  "until no more are left, and keep what follows the last one for the next read."},
    {"keeps-cr",
     "One carriage return before the newline belongs to the line's end. Take that one off."},
    {"line-in-pieces", "A line came in pieces, and the server took each piece for a line. Keep "
                       "what has no newline yet, and add what the next read brings."},
    {"long-line", "A line longer than 1,024 bytes is still one line. Throw away what goes past "
                  "that, and at its newline answer \"Unknown command\" once."},
    {"last-line", "When a client finishes sending, its last line counts even without a newline. "
                  "Answer it, then close."},
    {"private-counter", "Clients do not see each other's increments. There must be one counter for "
                        "all. Processes do not share their memory, so one process must own it."},
    {"counts-wrong",
     "Increments were lost when clients came at once. counter++ is three steps: read, add, write. "
     "Use an atomic or a mutex, or let one thread do all the counting; and "
     "add before you answer."},
};

const char *hint_text(const char *key)
{
    for (size_t i = 0; key && i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i].key, key) == 0)
            return hints[i].text;
    return NULL;
}
