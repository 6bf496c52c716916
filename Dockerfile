# The base image `ingesta`, and one image for each of the three ingestions:
#   docker build -t ingesta .                            the base image (the last stage)
#   docker build --target productos -t ingesta-productos .   the same as ingesta-productos/Dockerfile on top of it
# Runs as root or as any other user, also with a read-only root; everything it writes goes below INGESTA_DATA_DIR.
FROM debian:bookworm-slim AS build
WORKDIR /src
# What changes seldom comes first, so that a changed source does not install and download again.
COPY scripts/setup.sh scripts/requirements-native.txt scripts/
RUN scripts/setup.sh build
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY scripts/hide_c_exports.py scripts/
COPY src src
RUN cmake --preset release \
 && cmake --build build/release --target ingesta \
 && cmake --install build/release --strip --prefix /opt/ingesta

FROM debian:bookworm-slim AS runtime
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libcctz2 libcpp-httplib0.11 libcurl4 libfmt9 libisal2 \
      libpcre2-8-0 libpugixml1v5 libssl3 libxxhash0 libyaml-cpp0.7 libzstd1 tzdata zlib1g \
 && rm -rf /var/cache/apt /var/cache/debconf /var/lib/apt/lists /var/log/apt /var/log/dpkg.log \
 && mkdir -m 1777 /data
COPY --from=build /opt/ingesta /usr/local
COPY ingesta-productos /etc/ingesta/productos
COPY ingesta-ordenes /etc/ingesta/ordenes
COPY ingesta-proveedores /etc/ingesta/proveedores
# No VOLUME: an anonymous volume would vanish with `docker run --rm`, and look like a place that keeps the data.
ENV INGESTA_DATA_DIR=/data
WORKDIR /etc/ingesta
ENTRYPOINT ["ingesta"]
CMD ["--help"]

FROM runtime AS productos
WORKDIR /etc/ingesta/productos
CMD ["run", "."]

FROM runtime AS ordenes
WORKDIR /etc/ingesta/ordenes
CMD ["run", "."]

FROM runtime AS proveedores
WORKDIR /etc/ingesta/proveedores
CMD ["run", "."]

FROM runtime AS ingesta
