using FsCheck.Xunit;

// Every run tries the same cases: a failure of CI is one that can be seen again. Remove this line to search with fresh seeds.
[assembly: Properties(Replay = "(11150182688886224379,5647917894063940741)")]
