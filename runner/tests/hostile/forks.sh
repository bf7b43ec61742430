# Starts as many processes as it can, and says how many. Never outside a sandbox.
[ -d /build ] && [ -d /src ] || exit 9
/usr/bin/perl -e '
  while (@children < 4500) {
    my $child = fork;
    last unless defined $child;
    if ($child == 0) { sleep 60; exit }
    push @children, $child;
  }
  kill "KILL", @children;
  1 while wait > 0;
  print @children < 4200 ? "process limit: " : "no process limit: ", scalar @children, "\n";
'
