namespace LocalFirst.Guard.Inspection.Views;

/// <summary>The views of a text that every detector looks at: the text itself, then what it reads as when its JSON escapes are undone, repeatedly.</summary>
internal static class TextViews
{
    /// <summary>
    /// Levels of JSON strings within JSON strings that are undone. A tool call logged inside a tool result needs three; five leaves room, and each
    /// level at least doubles what an escape costs to write.
    /// </summary>
    public const int DeepestLevel = 5;

    /// <summary>The views, the original first.</summary>
    /// <param name="text">The original.</param>
    /// <param name="budget">Pays one unit for each code unit decoded.</param>
    /// <exception cref="WorkBudgetExhaustedException">The budget ended.</exception>
    /// <exception cref="TooDeepException">Escapes that hide characters are left after <see cref="DeepestLevel"/> levels.</exception>
    public static IEnumerable<TextView> Of(InspectionText text, WorkBudget budget)
    {
        var view = TextView.Identity(text);
        yield return view;

        for (var level = 1; level <= DeepestLevel; level++)
        {
            budget.Spend(view.Text.Length);
            var decoded = JsonEscapes.Unescape(view);
            if (decoded is null)
            {
                yield break;
            }

            view = decoded;
            yield return view;
        }

        if (JsonEscapes.HidesCharacters(view.Text))
        {
            throw new TooDeepException();
        }
    }
}

/// <summary>A text is escaped more often than any view undoes: what it says below is not known.</summary>
internal sealed class TooDeepException() : Exception($"The text is escaped more than {TextViews.DeepestLevel} levels deep.");
