using LocalFirst.Guard.Portal.Reports;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>Reports over this device's log.</summary>
internal sealed class ReportsModel(TimeProvider time, IReportDesk? desk = null) : ReportsPage(time, desk)
{
    public override bool IsFleet => false;
}
