using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Questions;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>The two questions over all logs of the fleet.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class QuestionsModel(TimeProvider time, TwoQuestions? questions = null) : QuestionsPage(time, questions)
{
    public override bool IsFleet => true;
}
