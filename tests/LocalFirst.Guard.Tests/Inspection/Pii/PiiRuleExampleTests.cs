using LocalFirst.Guard.Inspection.Pii;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Pii;

public sealed class PiiRuleExampleTests
{
    public static TheoryData<string, int> Examples()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in PiiRuleFile.Names)
        {
            for (var i = 0; i < PiiRuleFile.Load(name).Examples().Count; i++)
            {
                data.Add(name, i);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_of_a_rule_file_holds(string file, int index)
    {
        var rules = PiiRuleFile.Load(file);
        var example = rules.Examples()[index];
        var found = PiiScanner.Scan(example.Text).Where(f => f.Type == rules.Type).ToList();
        Assert.Equal(example.Finds, found.Select(f => example.Text[f.Start..f.End]));
        Assert.All(found, f => Assert.Equal(example.Tier ?? f.Tier, f.Tier));
        Assert.All(found, f => Assert.Equal(example.Rule ?? f.Rule, f.Rule));
    }

    [Fact]
    public void Every_rule_file_has_examples_that_must_and_must_not_match()
    {
        Assert.Equal(5, PiiRuleFile.Names.Count);
        foreach (var name in PiiRuleFile.Names)
        {
            var examples = PiiRuleFile.Load(name).Examples();
            Assert.Contains(examples, e => e.Finds.Count > 0);
            Assert.Contains(examples, e => e.Finds.Count == 0);
        }
    }
}
