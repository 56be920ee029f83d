using LocalFirst.Guard.Benchmarks;

// --quick: small counts, for CI, which runs the command to see that it works and judges no figure.
var quick = args.Contains("--quick");
return await ProxyLatency.RunAsync(quick ? new Rounds(Count: 2, Requests: 20) : new Rounds(Count: 8, Requests: 300));
