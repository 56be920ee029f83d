using System.CommandLine;
using System.Text.Json;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.LocalModels.Library;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard model`: the models of this machine, and which of them answers.</summary>
internal static class ModelCommand
{
    public static Command Create()
    {
        var command = GuardCommandLine.Describe("model", "Manage the models that answer on this machine.", "guard model list");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Add());
        command.Subcommands.Add(Use());
        command.Subcommands.Add(Remove());
        command.Subcommands.Add(Pull());
        return command;
    }

    private static Command List()
    {
        var command = GuardCommandLine.Describe("list", "Show the models, the chosen one, and endpoints found on usual ports (nothing is sent to those).", "guard model list --format json");
        var format = new Option<string>("--format") { Description = "text or json.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        command.Options.Add(format);
        command.SetAction(async (parse, cancellation) =>
        {
            var folder = CommonOptions.HomeOf(parse).Models;
            var models = new ModelLibrary(folder).List();
            var selection = ModelSelection.Read(folder);
            var offers = await ExecutorOffers.FindAsync(cancellation);
            if (parse.GetValue(format) == "json")
            {
                PrintJson(models, selection, offers);
            }
            else
            {
                PrintText(models, selection, offers);
            }
        });
        return command;
    }

    private static Command Add()
    {
        var command = GuardCommandLine.Describe("add", "Check a GGUF file and copy it into the library.", "guard model add ~/Downloads/qwen3.gguf");
        var path = new Argument<string>("PATH") { Description = "The GGUF file." };
        command.Arguments.Add(path);
        command.SetAction(parse =>
        {
            var home = CommonOptions.HomeOf(parse);
            home.EnsureExists();
            var entry = new ModelLibrary(home.Models).Add(Path.GetFullPath(parse.GetValue(path)!));
            Console.WriteLine($"added {entry.Name} ({entry.Architecture}, {Size(entry.Bytes)}); guard model use {entry.Name} makes it answer");
        });
        return command;
    }

    private static Command Use()
    {
        var command = GuardCommandLine.Describe("use", "Choose what answers on this machine: a model of the library, or an endpoint that you trust to be local.", "guard model use http://127.0.0.1:11434 --model qwen3");
        var target = new Argument<string>("NAME|URL") { Description = "A name from guard model list, or the base address of an OpenAI-compatible server." };
        var model = new Option<string?>("--model") { Description = "With a URL: the model's name there.", HelpName = "NAME" };
        command.Arguments.Add(target);
        command.Options.Add(model);
        command.SetAction(parse =>
        {
            var home = CommonOptions.HomeOf(parse);
            home.EnsureExists();
            var selection = Choose(new ModelLibrary(home.Models), parse.GetValue(target)!, parse.GetValue(model));
            selection.Save(home.Models);
            Console.WriteLine(selection.Endpoint is null
                ? $"{selection.Model} answers on this machine from the next start of guard run on"
                : $"{selection.Model} at {selection.Endpoint} answers from the next start of guard run on; what is flagged is sent there, so be sure that it runs on a machine of yours");
        });
        return command;
    }

    private static Command Remove()
    {
        var command = GuardCommandLine.Describe("remove", "Delete a model from the library.", "guard model remove qwen3");
        var name = new Argument<string>("NAME") { Description = "A name from guard model list." };
        command.Arguments.Add(name);
        command.SetAction(parse =>
        {
            var folder = CommonOptions.HomeOf(parse).Models;
            new ModelLibrary(folder).Remove(parse.GetValue(name)!);
            ModelSelection.Forget(folder, parse.GetValue(name)!);
            Console.WriteLine($"removed {parse.GetValue(name)}");
        });
        return command;
    }

    private static Command Pull()
    {
        var command = GuardCommandLine.Describe("pull", "Download a model (not in this version).", "guard model add ~/Downloads/qwen3.gguf");
        command.Arguments.Add(new Argument<string>("NAME|URL") { Description = "What to download." });
        command.SetAction(void (_) => throw new GuardException("This version does not download models.", "Download the GGUF file yourself, then guard model add PATH and guard model use NAME."));
        return command;
    }

    private static ModelSelection Choose(ModelLibrary library, string target, string? model)
    {
        if (!target.Contains("://", StringComparison.Ordinal))
        {
            library.RequirePath(target);
            return model is null
                ? new ModelSelection(target)
                : throw new GuardException("--model goes with a URL only.", "guard model use NAME, or guard model use URL --model NAME.");
        }

        return new ModelSelection(
            model ?? throw new GuardException("An endpoint needs the name of its model.", "guard model use URL --model NAME."),
            target);
    }

    private static void PrintText(IReadOnlyList<ModelEntry> models, ModelSelection? selection, IReadOnlyList<ExecutorOffer> offers)
    {
        var table = new Table { Border = TableBorder.Simple };
        table.AddColumns("", "model", "kind", "size", "context", "note");
        foreach (var model in models)
        {
            var isChosen = selection is { Endpoint: null } && selection.Model == model.Name;
            table.AddRow(
                isChosen ? "*" : "",
                Markup.Escape(model.Name),
                Markup.Escape(model.Architecture ?? "?"),
                Size(model.Bytes),
                model.ContextSize?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?",
                Markup.Escape(model.Problem ?? ""));
        }

        if (selection is { Endpoint: { } address })
        {
            table.AddRow("*", Markup.Escape(selection.Model), "endpoint", "", "", Markup.Escape(address));
        }

        foreach (var offer in offers.Where(o => o.Address != selection?.Endpoint))
        {
            table.AddRow("", "", "offered", "", "", Markup.Escape($"something listens where {offer.Program} usually does; if it is yours: guard model use {offer.Address} --model NAME"));
        }

        AnsiConsole.Write(table);
        Console.WriteLine(selection is null ? "Nothing is chosen: guard model use NAME|URL" : "* answers on this machine");
    }

    private static void PrintJson(IReadOnlyList<ModelEntry> models, ModelSelection? selection, IReadOnlyList<ExecutorOffer> offers) =>
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            version = 1,
            selected = selection is null ? null : new { model = selection.Model, endpoint = selection.Endpoint },
            models = models.Select(m => new { name = m.Name, architecture = m.Architecture, bytes = m.Bytes, context = m.ContextSize, problem = m.Problem }),
            offered = offers.Select(o => new { program = o.Program, address = o.Address }),
        }));

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):0.0} GiB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):0.0} MiB",
        _ => $"{Math.Max(1, bytes >> 10)} KiB",
    };
}
