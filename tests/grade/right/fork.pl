# grade: right
# step: 03
# run: perl FILE
# needs: perl
# full: core robust
# Perl with a process for each client, which the kernel reaps; TERM kills the parent alone, so it
# loses orderly tests.
use strict;
use warnings;
use IO::Socket::INET;

sub echo {
    my ($client) = @_;
    my $buffer;
    while (sysread($client, $buffer, 8192)) {
        for (my $done = 0; $done < length $buffer;) {
            my $n = syswrite($client, $buffer, length($buffer) - $done, $done);
            return 1 unless defined $n;
            $done += $n;
        }
    }
    return 0;
}

$SIG{CHLD} = 'IGNORE';
$| = 1;
my $listener = IO::Socket::INET->new(
    LocalAddr => $ARGV[-1], Proto => 'tcp', Listen => 128, ReuseAddr => 1,
) or die "cannot listen: $@";
printf "listening on %s:%d\n", $listener->sockhost, $listener->sockport;

while (1) {
    my $client = $listener->accept;
    if (!$client) {
        warn "accept: $!";
        sleep 1;
        next;
    }
    my $pid = fork;
    if (!defined $pid) {
        warn "fork: $!";
    } elsif ($pid == 0) {
        close $listener;
        exit echo($client);
    }
    close $client;
}
