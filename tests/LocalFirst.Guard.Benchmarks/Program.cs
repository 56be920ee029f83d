using LocalFirst.Guard.Benchmarks;

// --quick: small counts, for CI, which runs the command to see that it works and judges no figure.
// --steps, --latency: one of the two tables alone.
var quick = args.Contains("--quick");
if (!args.Contains("--latency"))
{
    await StepCosts.RunAsync(quick ? 10 : 200);
}

return args.Contains("--steps") ? 0 : await ProxyLatency.RunAsync(quick ? new Rounds(Count: 1, Requests: 20) : new Rounds(Count: 5, Requests: 200));
