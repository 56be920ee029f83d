using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.SourceCode;

namespace LocalFirst.Guard.Running;

/// <summary>The inspection that a home asks for; the broker and <c>guard scan</c> look with the same eyes.</summary>
internal static class Inspections
{
    public static InspectionOptions OptionsOf(GuardHome home, TimeProvider time) => new()
    {
        CodeIndexPath = home.CodeIndex,
        CodeKeyPath = Path.Combine(home.Keys, CodeIndexFile.KeyFileName),
        Time = time,
    };
}
