using System.Text;
using FsCheck.Xunit;
using LocalFirst.Guard.ModelHost.Engine;
using LocalFirst.Guard.ModelHost.Llama;
using Xunit;

namespace LocalFirst.Guard.Tests.ModelHost;

public sealed class AnswerTextTests
{
    [Fact]
    public void A_character_that_comes_in_parts_is_shown_whole()
    {
        var text = new AnswerText([]);
        var shown = Encoding.UTF8.GetBytes("Grüße 🎉").Select(b => text.Append([b])).ToList();

        Assert.Equal("Grüße 🎉", string.Concat(shown) + text.Finish());
        Assert.DoesNotContain(shown, s => s.Contains('\uFFFD', StringComparison.Ordinal));
    }

    [Fact]
    public void A_stop_text_is_found_at_every_cut_and_never_shown()
    {
        var bytes = "before<|end|>after"u8.ToArray();
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var text = new AnswerText(["<|end|>", "never"]);
            Assert.Equal("before", text.Append(bytes.AsSpan(0, cut)) + text.Append(bytes.AsSpan(cut)) + text.Finish());
            Assert.True(text.Stopped);
        }
    }

    [Fact]
    public void What_only_looks_like_a_stop_text_is_shown_in_the_end()
    {
        var text = new AnswerText(["<|end|>"]);

        Assert.Equal("a <|en", text.Append("a <|e"u8) + text.Append("n"u8) + text.Finish());
        Assert.False(text.Stopped);
    }

    [Property(MaxTest = 200)]
    public void Any_bytes_become_what_the_encoding_says(byte[] bytes)
    {
        var text = new AnswerText(["stop"]);
        var shown = string.Concat(bytes.Select(b => text.Append([b]))) + text.Finish();
        var expected = Encoding.UTF8.GetString(bytes);
        var stop = expected.IndexOf("stop", StringComparison.Ordinal);

        Assert.Equal(stop < 0 ? expected : expected[..stop], shown);
    }

    [Fact]
    public void Greedy_takes_the_first_largest_and_never_NaN()
    {
        var scores = new float[1000];
        scores[3] = float.NaN;
        scores[500] = 2;
        scores[900] = 2;

        Assert.Equal(500, Sampler.IndexOfMax(scores));
        Assert.Equal(0, Sampler.IndexOfMax([1f]));
        Assert.Equal(0, Sampler.IndexOfMax([float.NaN]));
    }

    [Fact]
    public void A_seed_repeats_the_choice_and_a_nucleus_bounds_it()
    {
        float[] scores = [0, 1, 2, 3, -5];
        int[] Draw(int seed)
        {
            var sampler = new Sampler(new Sampling(1, 0.9, seed));
            return [.. Enumerable.Range(0, 200).Select(_ => sampler.Next(scores))];
        }

        Assert.Equal(Draw(1), Draw(1));
        Assert.Equal([1, 2, 3], Draw(2).Distinct().Order().SkipWhile(i => i == 0));
        Assert.DoesNotContain(4, Draw(3));
    }

    [Fact]
    public void The_structures_have_the_sizes_of_the_header() => Assert.Equal((80, 160, 56), LlamaLayout.Sizes);

    [Fact]
    public void Another_layout_or_version_is_refused()
    {
        var error = Assert.Throws<LlamaException>(() => LlamaLayout.Check("0.5.0-dev", default, default));
        Assert.Contains("layout", error.Message, StringComparison.Ordinal);
        Assert.Contains("0.9.0", Assert.Throws<LlamaException>(() => LlamaLayout.Check("0.9.0", default, default)).Message, StringComparison.Ordinal);
    }
}
