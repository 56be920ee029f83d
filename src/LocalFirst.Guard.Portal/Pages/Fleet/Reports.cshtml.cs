using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Reports;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Reports over all logs of the fleet.</summary>
[LetsIn(FleetRoles.ReportExport)]
internal sealed class ReportsModel(TimeProvider time, IReportDesk? desk = null) : ReportsPage(time, desk)
{
    public override bool IsFleet => true;
}
