#include "ingesta/demo/faults.h"

#include "ingesta/testing/matchers.h"

namespace ingesta::demo {
namespace {

Fault MustParse(std::string_view text) {
  Result<Fault> fault = ParseFault(text);
  EXPECT_TRUE(fault.ok()) << text << ": " << fault.status().ToString();
  return fault.ok() ? *fault : Fault{};
}

TEST(Faults, ReadsValuesByPlaceAndByKey) {
  const Fault short_form = MustParse("503:3");
  EXPECT_EQ(FaultKind::kStatus, short_form.kind);
  EXPECT_EQ(503, short_form.code);
  EXPECT_EQ(3, short_form.count);

  const Fault every = MustParse("status:500:every=7:after=2:dataset=ordenes");
  EXPECT_EQ(500, every.code);
  EXPECT_EQ(0, every.count);
  EXPECT_EQ(7, every.every);
  EXPECT_EQ(2, every.after);
  EXPECT_EQ(Dataset::kOrdenes, every.dataset);

  EXPECT_EQ(Millis(2000), MustParse("retry-after:2").delay);
  EXPECT_TRUE(MustParse("retry-after:2:form=date").date);
  EXPECT_EQ(Millis(30'000), MustParse("slow-500").delay);
  EXPECT_EQ(Millis(250), MustParse("slow-500:250ms").delay);
  EXPECT_EQ(Millis(300'000), MustParse("hang:delay=5m").delay);
  EXPECT_EQ(64, MustParse("slow:64:20ms").bytes);
  EXPECT_EQ(60, MustParse("drift").count);
  EXPECT_EQ(5, MustParse("drift:5").count);
  EXPECT_EQ(-3, MustParse("wrong-total:-3").rows);
  EXPECT_EQ(100, MustParse("bad-values:100").rows);
  EXPECT_EQ(Dataset::kClientes, MustParse("broken-clientes").dataset);
}

TEST(Faults, EveryDescribedFaultCanBeNamedAlone) {
  for (const FaultDescriptor& descriptor : FaultDescriptors()) {
    EXPECT_EQ(descriptor.name, MustParse(descriptor.name).name);
    EXPECT_NE(std::string::npos, FaultHelp().find(std::string(descriptor.usage)));
  }
}

TEST(Faults, RefusesWhatItDoesNotKnowAndNamesWhatItDoes) {
  struct Case {
    const char* text;
    const char* says;
  };
  const Case cases[] = {
      {"explode", "truncate"},
      {"", "broken-clientes"},
      {"truncate:bytes=3", "dataset count every after"},
      {"truncate:3:4", "truncate[:COUNT]"},
      {"truncate:many", "whole number"},
      {"status:42", "300 to 599"},
      {"hang:delay=3 parsecs", "duration"},
      {"truncate:dataset=facturas", "proveedores"},
      {"bad-values:0", "positive"},
      {"truncate:every=0", "positive"},
      {"retry-after:1:form=epoch", "seconds or date"},
  };
  for (const Case& c : cases) {
    const Status status = ParseFault(c.text).status();
    EXPECT_ERROR_CODE(ErrorCode::kUsage, status);
    EXPECT_NE(std::string::npos, (status.message() + HintOf(status)).find(c.says))
        << c.text << ": " << status.ToString();
  }
}

TEST(FaultInjector, MeetsEveryNthRequestAfterTheFirstAndNoMoreThanItsCount) {
  FaultInjector injector({MustParse("status:500:2:every=3:after=1")});
  std::string met;
  for (int i = 0; i < 14; ++i) met += injector.Next(Dataset::kProductos) != nullptr ? 'x' : '.';
  EXPECT_EQ("...x..x.......", met);
  EXPECT_EQ(2, injector.injected());
}

TEST(FaultInjector, LeavesOtherDatasetsAlone) {
  FaultInjector injector({MustParse("500:dataset=ordenes"), MustParse("truncate:dataset=productos")});
  EXPECT_EQ(nullptr, injector.Next(Dataset::kProveedores));
  EXPECT_EQ(FaultKind::kStatus, injector.Next(Dataset::kOrdenes)->kind);
  EXPECT_EQ(FaultKind::kTruncate, injector.Next(Dataset::kProductos)->kind);
}

TEST(FaultInjector, KeepsFaultsOfTheDataOutOfTheAnswers) {
  FaultInjector injector({MustParse("drift:2:every=2"), MustParse("bad-row-500")});
  EXPECT_EQ(nullptr, injector.Next(Dataset::kProductos));
  EXPECT_NE(nullptr, injector.Find(FaultKind::kBadRow500, Dataset::kProductos));
  EXPECT_EQ(nullptr, injector.Find(FaultKind::kBadRow500, Dataset::kOrdenes));
  std::string due;
  for (int i = 0; i < 7; ++i) due += injector.Due(FaultKind::kDrift, Dataset::kOrdenes) ? 'x' : '.';
  EXPECT_EQ(".x.x...", due);
}

}  // namespace
}  // namespace ingesta::demo
