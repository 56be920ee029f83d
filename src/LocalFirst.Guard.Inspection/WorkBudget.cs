namespace LocalFirst.Guard.Inspection;

/// <summary>
/// Bounds an inspection in work units (about one per code unit looked at), never in wall time: the same text gets the same verdict on a slow
/// machine too.
/// </summary>
internal sealed class WorkBudget(long units)
{
    /// <summary>Work units left.</summary>
    public long Left { get; private set; } = units;

    /// <summary>Spends units.</summary>
    /// <param name="amount">Units, ≥ 0.</param>
    /// <exception cref="WorkBudgetExhaustedException">Less was left.</exception>
    public void Spend(long amount)
    {
        Left -= amount;
        if (Left < 0)
        {
            throw new WorkBudgetExhaustedException();
        }
    }
}

/// <summary>The work budget of an inspection ended before the text did.</summary>
internal sealed class WorkBudgetExhaustedException() : Exception("The work budget of the inspection ended before the text did.");
