using LocalFirst.Guard.Inspection.SourceCode;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.SourceCode;

public sealed class CodeTokenizerTests
{
    private const string Line = "total += price.Of(item, 3) * rate[\"EUR\"];";

    [Theory]
    [InlineData("   12→{0}")]
    [InlineData("12:{0}")]
    [InlineData("12: {0}")]
    [InlineData("  12 | {0}")]
    [InlineData("12\t{0}")]
    [InlineData("+{0}")]
    [InlineData("-    {0}")]
    [InlineData("> > {0}")]
    [InlineData("src/a-b/C.cs:120:{0}")]
    [InlineData("src/a-b/C.cs-120-{0}")]
    [InlineData("./C.cs:7:        {0}")]
    [InlineData("{0} // said once")]
    [InlineData("{0} # said once")]
    [InlineData("{0}\r")]
    [InlineData("total += price.Of(item, 4711) /* here */ * rate['USD'];")]
    public void What_stands_around_a_line_does_not_change_its_tokens(string form) =>
        Assert.Equal(Exact(Line), Exact(form.Replace("{0}", Line, StringComparison.Ordinal)));

    [Theory]
    [InlineData("// a comment")]
    [InlineData("# a comment")]
    [InlineData(" * a comment")]
    [InlineData("/* a comment */")]
    [InlineData("using System.Text;")]
    [InlineData("import { a } from 'b';")]
    [InlineData("from a import b")]
    [InlineData("#include <stdio.h>")]
    [InlineData("package main")]
    [InlineData("```csharp")]
    [InlineData("diff --git a/x b/x")]
    [InlineData("@@ -1,2 +3,4 @@ void f()")]
    [InlineData("")]
    public void Comments_imports_and_frames_have_no_tokens(string line) => Assert.Empty(Exact(line));

    [Theory]
    [InlineData("using var file = Open(path);")]
    [InlineData("#define MAX(a) a")]
    [InlineData("*pointer = 3;")]
    public void Code_that_looks_like_them_keeps_its_tokens(string line) => Assert.NotEmpty(Exact(line));

    [Fact]
    public void Names_are_alike_in_stream_a_and_keywords_are_not()
    {
        Assert.Equal(Abstract("foo(bar)"), Abstract("baz(qux)"));
        Assert.NotEqual(Exact("foo(bar)"), Exact("baz(qux)"));
        Assert.NotEqual(Abstract("foo(bar)"), Abstract("if(bar)"));
    }

    [Fact]
    public void A_line_means_the_same_wherever_it_stands() =>
        Assert.Equal(Exact(Line), Exact("\"\"\" an open string\n/* an open comment\n" + Line).TakeLast(Exact(Line).Length));

    [Fact]
    public void Another_key_gives_other_tokens() =>
        Assert.NotEqual(CodeTokenizer.Tokenize(Line, 1).Exact.ToArray(), CodeTokenizer.Tokenize(Line, 2).Exact.ToArray());

    private static ulong[] Exact(string text) => CodeTokenizer.Tokenize(text, SomeSource.Key.Seed).Exact.ToArray();

    private static ulong[] Abstract(string text) => CodeTokenizer.Tokenize(text, SomeSource.Key.Seed).Abstract.ToArray();
}
