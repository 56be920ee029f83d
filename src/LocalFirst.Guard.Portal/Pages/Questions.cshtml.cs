using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal.Questions;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>The two questions over this device's log.</summary>
internal sealed class QuestionsModel(TimeProvider time, TwoQuestions? questions = null) : QuestionsPage(time, questions)
{
    public override bool IsFleet => false;
}
