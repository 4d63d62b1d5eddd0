// grade: wrong
// step: 03
// run: node FILE {port}
// needs: node
// loses: starts
// hint: not-started
// hostile: yes
// It never comes to listen: a loop before that has no end, and no signal handler gets a turn in it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'])
    process.on(signal, () => {});
for (;;) {
}
