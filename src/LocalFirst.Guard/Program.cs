using LocalFirst.Guard.CommandLine;

return await GuardCommandLine.RunAsync(args);
