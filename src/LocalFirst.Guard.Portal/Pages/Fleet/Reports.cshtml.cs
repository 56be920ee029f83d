using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Reports;
using Microsoft.AspNetCore.Authorization;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Reports over all logs of the fleet.</summary>
[Authorize(Policy = FleetRoles.ReportExport)]
internal sealed class ReportsModel(TimeProvider time, IReportDesk? desk = null) : ReportsPage(time, desk)
{
    public override bool IsFleet => true;
}
