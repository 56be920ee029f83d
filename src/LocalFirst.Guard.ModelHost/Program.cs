using LocalFirst.Guard.ModelHost;
using LocalFirst.Guard.ModelHost.Chat;
using LocalFirst.Guard.ModelHost.Confinement;
using LocalFirst.Guard.ModelHost.Engine;
using LocalFirst.Guard.ModelHost.Gguf;
using LocalFirst.Guard.ModelHost.Http;
using LocalFirst.Guard.ModelHost.Llama;

ProcessHardening.Apply();

if (args is ["--self-test-confinement", var folder, .. var rest])
{
    return ConfinementSelfTest.Run(folder, rest);
}

if (HostOptions.Parse(args) is not { } options)
{
    return Fail(ExitCode.Usage, "usage: MODEL NATIVES SOCKET CONTEXT THREADS, with the access token as first line of standard input");
}

var token = Console.In.ReadLine();
if (string.IsNullOrEmpty(token))
{
    return Fail(ExitCode.Usage, "no access token on standard input");
}

// 1. The file is checked in managed code first: the native loader asserts on some broken files, and an assertion leaves no message.
GgufHeader header;
try
{
    header = GgufHeader.Read(options.Model);
}
catch (GgufException e)
{
    return Fail(ExitCode.BadModel, $"The model file is not acceptable: {e.Message}.");
}

// 2. The natives, with their layout proven.
LlamaLibrary library;
try
{
    library = LlamaLibrary.Open(options.Natives);
}
catch (LlamaException e)
{
    return Fail(ExitCode.BadNatives, e.Message);
}

LlamaModel model;
try
{
    model = LlamaModel.Load(library, options.Model, header, options.Context, options.Threads);
}
catch (LlamaException e)
{
    return Fail(ExitCode.BadModel, e.Message);
}

// 3. What is true here is said aloud, on standard error and in /health.
var confinement = ConfinementReport.Observe(Path.GetDirectoryName(options.Socket) ?? "");
var facts = new HostFacts(
    Path.GetFileNameWithoutExtension(options.Model),
    model.Description,
    library.Version,
    library.Device,
    library.IsGpu,
    model.ContextSize,
    confinement);
await Console.Error.WriteLineAsync($"guard-host: {(facts.IsGpu ? "GPU" : "CPU")} {facts.Device}, llama.cpp {facts.LlamaVersion}, {confinement.Description}");

// 4. Serve until standard input ends: the broker holds its other end, so the host never outlives it.
using var engine = new InferenceEngine(model);
return await HostServer.RunAsync(options.Socket, new HostEndpoints(engine, ChatTemplate.Choose(header), facts, token));

static int Fail(int code, string reason)
{
    Console.Error.WriteLine($"guard-host: {reason}");
    return code;
}
