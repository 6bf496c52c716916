#include "ingesta/base/fs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "ingesta/testing/matchers.h"

namespace ingesta {
namespace {

namespace stdfs = std::filesystem;

class Fs : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (stdfs::temp_directory_path() / "ingesta_fs_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { stdfs::remove_all(dir_); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  size_t FilesInDir() const {
    return static_cast<size_t>(std::distance(stdfs::directory_iterator(dir_), stdfs::directory_iterator()));
  }

  std::string dir_;
};

TEST_F(Fs, AtomicWriteCreatesAndReplacesWithoutLeftovers) {
  ASSERT_OK(AtomicWriteFile(Path("a.json"), "one"));
  ASSERT_OK(AtomicWriteFile(Path("a.json"), std::string(100'000, 'x') + "two"));
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(Path("a.json")));
  EXPECT_EQ(text, std::string(100'000, 'x') + "two");
  EXPECT_EQ(FilesInDir(), 1u);
}

TEST_F(Fs, AtomicWriteThatFailsKeepsTheOldStateAndNoTemporary) {
  ASSERT_OK(MakeDirs(Path("taken/inner")));
  EXPECT_ERROR_CODE(ErrorCode::kIo, AtomicWriteFile(Path("taken"), "text"));
  EXPECT_TRUE(stdfs::is_directory(Path("taken/inner")));
  EXPECT_EQ(FilesInDir(), 1u);
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, AtomicWriteFile(Path("absent/a.json"), "text"));
}

TEST_F(Fs, NamesAMissingFile) {
  const Status status = ReadFile(Path("none")).status();
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, status);
  EXPECT_NE(status.message().find(Path("none")), std::string::npos);
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, FileSize(Path("none")).status());
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, FileCrc32(Path("none")).status());
}

TEST_F(Fs, ReadFileRefusesMoreThanItsLimit) {
  ASSERT_OK(AtomicWriteFile(Path("a"), std::string(1001, 'x')));
  EXPECT_ERROR_CODE(ErrorCode::kBodyTooLarge, ReadFile(Path("a"), 1000).status());
  EXPECT_TRUE(ReadFile(Path("a"), 1001).ok());
}

TEST_F(Fs, ReadFileNamesAFolder) {
  EXPECT_ERROR_CODE(ErrorCode::kIo, ReadFile(dir_).status());
}

TEST_F(Fs, WriteNamesAFullDisk) {
  ASSERT_OK_AND_ASSIGN(const UniqueFd fd, OpenFile("/dev/full", O_WRONLY));
  const Status status = WriteAll(fd.get(), "text", "/dev/full");
  EXPECT_ERROR_CODE(ErrorCode::kDiskFull, status);
  EXPECT_NE(status.message().find("/dev/full"), std::string::npos);
}

TEST_F(Fs, MakeDirsMakesParentsAndAcceptsExistingOnes) {
  ASSERT_OK(MakeDirs(Path("a/b/c/")));
  ASSERT_OK(MakeDirs(Path("a/b/c")));
  EXPECT_TRUE(stdfs::is_directory(Path("a/b/c")));
  ASSERT_OK(MakeDirs("/"));
}

TEST_F(Fs, MakeDirsRefusesAFileInTheWay) {
  ASSERT_OK(AtomicWriteFile(Path("file"), "x"));
  EXPECT_ERROR_CODE(ErrorCode::kIo, MakeDirs(Path("file")));
  EXPECT_ERROR_CODE(ErrorCode::kIo, MakeDirs(Path("file/below")));
}

TEST_F(Fs, RemoveTreeRemovesFilesAndKeepsWhatLinksPointTo) {
  ASSERT_OK(MakeDirs(Path("tree/deep")));
  ASSERT_OK(AtomicWriteFile(Path("outside"), "kept"));
  ASSERT_OK(AtomicWriteFile(Path("tree/deep/file"), "x"));
  ASSERT_EQ(::symlink(Path("outside").c_str(), Path("tree/link").c_str()), 0);
  ASSERT_OK(RemoveTree(Path("tree")));
  EXPECT_FALSE(PathExists(Path("tree")));
  EXPECT_TRUE(PathExists(Path("outside")));
  EXPECT_OK(RemoveTree(Path("tree")));
  EXPECT_OK(RemoveFile(Path("outside")));
  EXPECT_OK(RemoveFile(Path("outside")));
  EXPECT_FALSE(PathExists(Path("outside")));
}

TEST_F(Fs, ChecksumsAreThoseOfGzip) {
  // The check value of CRC-32/ISO-HDLC.
  EXPECT_EQ(Crc32("123456789"), 0xcbf43926u);
  EXPECT_EQ(Crc32("6789", Crc32("12345")), 0xcbf43926u);
  std::string text(3'000'001, 'a');
  text[1'500'000] = 'b';
  ASSERT_OK(AtomicWriteFile(Path("big"), text));
  ASSERT_OK_AND_ASSIGN(const uint32_t crc, FileCrc32(Path("big")));
  EXPECT_EQ(crc, Crc32(text));
  ASSERT_OK_AND_ASSIGN(const int64_t size, FileSize(Path("big")));
  EXPECT_EQ(size, 3'000'001);
}

/// Both ways of moving without replacing.
using Move = Status (*)(const std::string&, const std::string&);

class FsMove : public Fs, public ::testing::WithParamInterface<Move> {};

TEST_P(FsMove, NeverReplaces) {
  const Move move = GetParam();
  ASSERT_OK(AtomicWriteFile(Path("from"), "new"));
  ASSERT_OK(AtomicWriteFile(Path("to"), "old"));
  EXPECT_ERROR_CODE(ErrorCode::kAlreadyExists, move(Path("from"), Path("to")));
  EXPECT_EQ(ReadFile(Path("to")).ValueOrDie(), "old");
  EXPECT_EQ(ReadFile(Path("from")).ValueOrDie(), "new");
  ASSERT_OK(RemoveFile(Path("to")));
  ASSERT_OK(move(Path("from"), Path("to")));
  EXPECT_EQ(ReadFile(Path("to")).ValueOrDie(), "new");
  EXPECT_FALSE(PathExists(Path("from")));
  EXPECT_ERROR_CODE(ErrorCode::kNotFound, move(Path("from"), Path("other")));
}

INSTANTIATE_TEST_SUITE_P(RenameAndLink, FsMove,
                         ::testing::Values(&RenameNoReplace, &internal::LinkNoReplace));

TEST_F(Fs, ParentDirOfEveryShapeOfPath) {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "."},         {"a/b", "a"},  {"a/b/", "a"}, {"/a", "/"},  {"/", "/"},
      {"/a/b/c", "/a/b"}, {"a//b", "a"}, {"", "."},     {"//a", "/"}, {"./a", "."},
  };
  for (const auto& [path, parent] : cases) EXPECT_EQ(ParentDir(path), parent) << path;
}

TEST_F(Fs, UniqueFdClosesOnce) {
  ASSERT_OK_AND_ASSIGN(UniqueFd first, OpenFile("/dev/null", O_RDONLY));
  const int number = first.get();
  UniqueFd second = std::move(first);
  EXPECT_EQ(second.get(), number);
  second.Reset();
  EXPECT_FALSE(second.valid());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace ingesta
