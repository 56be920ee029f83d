namespace LocalFirst.Guard.EndToEnd.Samples;

/// <summary>What must not leave, made anew in every run: no such value stands in the repository.</summary>
public enum Sensitive
{
    Secret,
    Card,
    OwnCode,
}
