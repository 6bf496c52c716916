"""The reference REST catalog of rest_catalog/ as a context: libraries by Maven (kept in .deps), a port of its own."""
import fcntl
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = HERE.parents[2] / ".deps" / "rest-catalog"


def libraries():
    """The jars that pom.xml names; fetched once."""
    pom = (HERE / "pom.xml").read_text()
    stamp = LIBRARIES / "pom.xml"
    LIBRARIES.mkdir(parents=True, exist_ok=True)
    with open(LIBRARIES.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != pom:
            shutil.rmtree(LIBRARIES)
            subprocess.run(["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies",
                            f"-DoutputDirectory={LIBRARIES}"], check=True)
            stamp.write_text(pom)
    return f"{LIBRARIES}/*"


class RestCatalog:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ingesta-rest-"))
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(["java", "-cp", libraries(), str(HERE / "RestCatalogServer.java"), str(self.folder)],
                                        stdout=self.log, stderr=self.log)
        for _ in range(1200):
            if (self.folder / "port").exists():
                break
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text()[-3000:])
            time.sleep(0.1)
        else:
            self.__exit__()
            raise RuntimeError("the REST catalog was not ready after two minutes")
        self.uri = f"http://127.0.0.1:{(self.folder / 'port').read_text()}"
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def faults(self, *lines):
        """Each `METHOD PATH-REGEX FAULT` befalls one request; see RestCatalogServer.java."""
        urllib.request.urlopen(f"{self.uri}/_faults", data="\n".join(lines).encode()).close()

    def calls(self):
        """What was asked since the last time: `METHOD PATH` each."""
        with urllib.request.urlopen(f"{self.uri}/_log") as answer:
            return answer.read().decode().splitlines()
