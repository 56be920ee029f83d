using System.Runtime.InteropServices;

namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary>Keeps the last error that llama.cpp logged, for the message of a failed load. Nothing else of its log is shown.</summary>
internal static unsafe class NativeLog
{
    private static string? _lastError;

    /// <summary>The last error line, at most 200 characters, or null.</summary>
    public static string? LastError => Volatile.Read(ref _lastError);

    /// <summary>The callback; called from any thread of the library.</summary>
    [UnmanagedCallersOnly]
    public static void Write(int level, byte* text, nint user)
    {
        // ggml_log_level: 4 is an error, 5 continues the line before.
        if (level != 4 || text is null)
        {
            return;
        }

        var bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        var line = System.Text.Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 200)]).Trim();
        Volatile.Write(ref _lastError, new string([.. line.Where(c => !char.IsControl(c))]));
    }
}
