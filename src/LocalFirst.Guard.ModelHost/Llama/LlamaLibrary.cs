using System.Runtime.InteropServices;

namespace LocalFirst.Guard.ModelHost.Llama;

/// <summary>
/// The functions of llama.cpp that this host calls, resolved by name from one natives folder. One folder a process: the libraries of two
/// backends have the same SONAMEs and must never meet.
/// </summary>
internal sealed unsafe class LlamaLibrary
{
    public readonly delegate* unmanaged<byte*, ModelParams, nint> LoadModel;
    public readonly delegate* unmanaged<nint, ContextParams, nint> NewContext;
    public readonly delegate* unmanaged<ModelParams> DefaultModelParams;
    public readonly delegate* unmanaged<ContextParams> DefaultContextParams;
    public readonly delegate* unmanaged<nint, nint> GetVocab;
    public readonly delegate* unmanaged<nint, int> ContextTrained;
    public readonly delegate* unmanaged<nint, uint> ContextSize;
    public readonly delegate* unmanaged<nint, int> VocabSize;
    public readonly delegate* unmanaged<nint, byte> AddBos;
    public readonly delegate* unmanaged<nint, int> Bos;
    public readonly delegate* unmanaged<nint, int, byte> IsEndOfGeneration;
    public readonly delegate* unmanaged<nint, byte*, int, int*, int, byte, byte, int> Tokenize;
    public readonly delegate* unmanaged<nint, int, byte*, int, int, byte, int> TokenToPiece;
    public readonly delegate* unmanaged<nint, Batch, int> Decode;
    public readonly delegate* unmanaged<nint, int, float*> Logits;
    public readonly delegate* unmanaged<nint, nint> GetMemory;
    public readonly delegate* unmanaged<nint, int, int, int, byte> RemoveSequence;
    public readonly delegate* unmanaged<nint, byte, void> ClearMemory;
    public readonly delegate* unmanaged<nint, byte*, nuint, int> ModelDescription;
    public readonly delegate* unmanaged<nint, void> FreeModel;
    public readonly delegate* unmanaged<nint, void> FreeContext;

    private LlamaLibrary(nint llama, nint ggml, nint ggmlBase, string folder)
    {
        // The log callback goes first: what is logged before it lands on stderr, unfiltered.
        ((delegate* unmanaged<delegate* unmanaged<int, byte*, nint, void>, nint, void>)Export(llama, "llama_log_set"))(&NativeLog.Write, 0);
        ((delegate* unmanaged<void>)Export(llama, "llama_backend_init"))();
        var loadAll = (delegate* unmanaged<byte*, void>)Export(ggml, "ggml_backend_load_all_from_path");
        fixed (byte* path = Utf8(folder))
        {
            loadAll(path);
        }

        DefaultModelParams = (delegate* unmanaged<ModelParams>)Export(llama, "llama_model_default_params");
        DefaultContextParams = (delegate* unmanaged<ContextParams>)Export(llama, "llama_context_default_params");
        Version = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)Export(llama, "llama_version"))()) ?? "unknown";
        LlamaLayout.Check(Version, DefaultModelParams(), DefaultContextParams());

        LoadModel = (delegate* unmanaged<byte*, ModelParams, nint>)Export(llama, "llama_model_load_from_file");
        NewContext = (delegate* unmanaged<nint, ContextParams, nint>)Export(llama, "llama_init_from_model");
        GetVocab = (delegate* unmanaged<nint, nint>)Export(llama, "llama_model_get_vocab");
        ContextTrained = (delegate* unmanaged<nint, int>)Export(llama, "llama_model_n_ctx_train");
        ContextSize = (delegate* unmanaged<nint, uint>)Export(llama, "llama_n_ctx");
        VocabSize = (delegate* unmanaged<nint, int>)Export(llama, "llama_vocab_n_tokens");
        AddBos = (delegate* unmanaged<nint, byte>)Export(llama, "llama_vocab_get_add_bos");
        Bos = (delegate* unmanaged<nint, int>)Export(llama, "llama_vocab_bos");
        IsEndOfGeneration = (delegate* unmanaged<nint, int, byte>)Export(llama, "llama_vocab_is_eog");
        Tokenize = (delegate* unmanaged<nint, byte*, int, int*, int, byte, byte, int>)Export(llama, "llama_tokenize");
        TokenToPiece = (delegate* unmanaged<nint, int, byte*, int, int, byte, int>)Export(llama, "llama_token_to_piece");
        Decode = (delegate* unmanaged<nint, Batch, int>)Export(llama, "llama_decode");
        Logits = (delegate* unmanaged<nint, int, float*>)Export(llama, "llama_get_logits_ith");
        GetMemory = (delegate* unmanaged<nint, nint>)Export(llama, "llama_get_memory");
        RemoveSequence = (delegate* unmanaged<nint, int, int, int, byte>)Export(llama, "llama_memory_seq_rm");
        ClearMemory = (delegate* unmanaged<nint, byte, void>)Export(llama, "llama_memory_clear");
        ModelDescription = (delegate* unmanaged<nint, byte*, nuint, int>)Export(llama, "llama_model_desc");
        FreeModel = (delegate* unmanaged<nint, void>)Export(llama, "llama_model_free");
        FreeContext = (delegate* unmanaged<nint, void>)Export(llama, "llama_free");
        (Device, IsGpu) = FindDevice(ggml, ggmlBase);
    }

    /// <summary>What the library calls itself, for example <c>0.5.0-dev</c>.</summary>
    public string Version { get; }

    /// <summary>The device that computes, as ggml names it.</summary>
    public string Device { get; }

    /// <summary>Whether that device is a GPU. A CUDA or Vulkan library that cannot load falls back to the CPU in silence, so this is asked, not assumed.</summary>
    public bool IsGpu { get; }

    /// <summary>Loads the libraries of a folder and checks their layout.</summary>
    /// <param name="folder">The natives folder.</param>
    /// <exception cref="LlamaException">A library is missing or of another layout, or there is no device.</exception>
    public static LlamaLibrary Open(string folder)
    {
        // File names carry backend and release: libllama.v0.5.0.so, libllama.metal.v0.4.0.dylib, llama.v0.4.0.dll.
        var llama = Find(folder, "llama");
        var ggml = Find(folder, "ggml");
        var ggmlBase = Find(folder, "ggml-base");
        try
        {
            return new LlamaLibrary(NativeLibrary.Load(llama), NativeLibrary.Load(ggml), NativeLibrary.Load(ggmlBase), folder);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new LlamaException($"The llama.cpp natives in {folder} cannot be loaded ({e.GetType().Name}). Build again with npm installed, or name another folder.");
        }
    }

    /// <summary>A zero-terminated UTF-8 copy.</summary>
    public static byte[] Utf8(string text) => [.. System.Text.Encoding.UTF8.GetBytes(text), 0];

    private static string Find(string folder, string name)
    {
        var candidates = Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
        foreach (var path in candidates.Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            var isLibrary = file.EndsWith(".so", StringComparison.Ordinal) || file.EndsWith(".dylib", StringComparison.Ordinal) || file.EndsWith(".dll", StringComparison.Ordinal);
            var bare = file.StartsWith("lib", StringComparison.Ordinal) ? file[3..] : file;
            if (isLibrary && bare.StartsWith(name + ".", StringComparison.Ordinal))
            {
                return path;
            }
        }

        throw new LlamaException($"The llama.cpp natives in {folder} lack the library {name}. Build again with npm installed, or name another folder.");
    }

    private static void* Export(nint library, string name) => (void*)NativeLibrary.GetExport(library, name);

    private static (string Device, bool IsGpu) FindDevice(nint ggml, nint ggmlBase)
    {
        var count = ((delegate* unmanaged<nuint>)Export(ggml, "ggml_backend_dev_count"))();
        var get = (delegate* unmanaged<nuint, nint>)Export(ggml, "ggml_backend_dev_get");
        var typeOf = (delegate* unmanaged<nint, int>)Export(ggmlBase, "ggml_backend_dev_type");
        var describe = (delegate* unmanaged<nint, byte*>)Export(ggmlBase, "ggml_backend_dev_description");
        string? cpu = null;
        for (nuint i = 0; i < count; i++)
        {
            var device = get(i);
            var text = Marshal.PtrToStringUTF8((nint)describe(device))?.Trim() ?? "unnamed";

            // ggml_backend_dev_type: 0 CPU, 1 GPU, 2 integrated GPU, 3 accelerator.
            if (typeOf(device) is 1 or 2)
            {
                return (text, true);
            }

            cpu ??= typeOf(device) == 0 ? text : null;
        }

        return cpu is null ? throw new LlamaException("llama.cpp found no device, not even the CPU: its natives folder lacks the CPU library. Build again with npm installed.") : (cpu, false);
    }
}
