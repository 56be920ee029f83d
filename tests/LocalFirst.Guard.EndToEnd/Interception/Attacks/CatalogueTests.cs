using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>
/// The attack catalogue, against the real binary. Each case asserts what the client is told, that nothing but the allowed requests reached the
/// provider, and that the broker serves a clean request afterwards.
/// </summary>
[Collection<UnderAttack>]
public sealed class CatalogueTests(AttackedBroker broker)
{
    public static TheoryData<string> ConnectForms => Catalogue.Ids("CONNECT forms");

    public static TheoryData<string> Hosts => Catalogue.Ids("Hosts that are this machine, or nobody");

    public static TheoryData<string> Names => Catalogue.Ids("Names that disagree");

    public static TheoryData<string> WebPages => Catalogue.Ids("Web pages and rebound names");

    public static TheoryData<string> Lengths => Catalogue.Ids("Lengths");

    public static TheoryData<string> Codings => Catalogue.Ids("Transfer codings");

    public static TheoryData<string> Chunks => Catalogue.Ids("Chunks and trailers");

    public static TheoryData<string> Heads => Catalogue.Ids("Heads, versions, methods, pipelines");

    public static TheoryData<string> ContentCodings => Catalogue.Ids("Content codings");

    public static TheoryData<string> Tls => Catalogue.Ids("TLS towards the client");

    public static TheoryData<string> Http2Fields => Catalogue.Ids("HTTP/2 fields");

    public static TheoryData<string> Http2Frames => Catalogue.Ids("HTTP/2 frames");

    public static TheoryData<string> Http2Floods => Catalogue.Ids("HTTP/2 floods");

    public static TheoryData<string> Certificates => Catalogue.Ids("Certificates of providers");

    [Theory]
    [MemberData(nameof(ConnectForms))]
    public Task A_malformed_CONNECT_opens_nothing(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Hosts))]
    public Task No_spelling_of_a_host_leads_back_to_this_machine(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_request_goes_to_the_host_of_its_CONNECT_or_nowhere(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(WebPages))]
    public Task A_web_page_cannot_use_the_broker(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Lengths))]
    public Task A_length_that_can_be_read_in_two_ways_carries_nothing(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Codings))]
    public Task A_transfer_coding_other_than_one_chunked_carries_nothing(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Chunks))]
    public Task Chunks_arrive_as_the_body_that_was_inspected_or_not_at_all(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Heads))]
    public Task A_head_arrives_as_one_reading_of_it_or_not_at_all(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(ContentCodings))]
    public Task A_coded_body_is_read_whole_or_not_sent(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Tls))]
    public Task The_client_s_side_of_TLS_has_a_floor(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Http2Fields))]
    public Task HTTP_2_fields_arrive_as_one_request_or_not_at_all(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Http2Frames))]
    public Task A_frame_that_breaks_HTTP_2_ends_what_it_came_on(string attack) => HoldAsync(attack);

    [Theory]
    [MemberData(nameof(Http2Floods))]
    public async Task A_flood_of_frames_takes_nothing_from_others(string attack)
    {
        var before = broker.Guard.ResidentMegabytes();
        await HoldAsync(attack);
        TestContext.Current.TestOutputHelper?.WriteLine($"resident memory of the broker: {before} MB before, {broker.Guard.ResidentMegabytes()} MB after");
    }

    [Theory]
    [MemberData(nameof(Certificates))]
    public Task A_provider_that_cannot_prove_who_it_is_gets_nothing(string attack) => HoldAsync(attack);

    private Task HoldAsync(string id) => broker.HoldAsync(Catalogue.Find(id));
}
