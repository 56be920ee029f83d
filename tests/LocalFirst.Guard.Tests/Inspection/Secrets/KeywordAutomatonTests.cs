using FsCheck.Xunit;
using LocalFirst.Guard.Inspection.Secrets;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Secrets;

public sealed class KeywordAutomatonTests
{
    [Fact]
    public void Words_within_and_across_words_are_all_found() =>
        Assert.Equal(
            [("she", 1), ("he", 2), ("hers", 2)],
            Find(["he", "she", "his", "hers"], "USHERS"));

    [Property(MaxTest = 300)]
    public bool It_finds_what_a_search_for_each_word_finds(int seed)
    {
        var random = new Random(seed);
        string Random(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "abA-\u00e9\u0130"[random.Next(6)]));
        var words = Enumerable.Range(0, 6).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 4)).Select(_ => "ab-"[random.Next(3)]))).Distinct().ToArray();
        var text = Random(60);

        var expected = words.SelectMany(word => Enumerable.Range(0, text.Length - word.Length + 1)
            .Where(at => AsciiFolded(text.Substring(at, word.Length)) == word)
            .Select(at => (word, at)));
        return Find(words, text).Order().SequenceEqual(expected.Order());
    }

    private static string AsciiFolded(string text) => string.Concat(text.Select(character => char.IsAscii(character) ? char.ToLowerInvariant(character) : character));

    private static List<(string Word, int At)> Find(string[] words, string text)
    {
        var automaton = new KeywordAutomaton(words);
        var found = new List<(string, int)>();
        var (position, state) = (0, 0);
        while (automaton.FindNext(text, ref position, ref state, out var ended))
        {
            foreach (var word in ended)
            {
                found.Add((words[word], position - words[word].Length));
            }
        }

        return found;
    }
}
