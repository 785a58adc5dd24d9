# The service on the official Node image, whose Node is the runtime: the package "node", which brings one on machines
# that have an older Node, is left out.
FROM node:26.10.0-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script here. Of googleapis, the client of one API out of more than three hundred is used
# (infrastructure/google/google-calls.ts); the others are nine tenths of all packages' size.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node \
  && find node_modules/googleapis/build/src/apis -mindepth 1 -maxdepth 1 -type d ! -name calendar -exec rm -rf {} + \
  && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

# Whatever .dockerignore lets in, readable for the service's user even where it was checked out for one person alone.
FROM node:26.10.0-slim AS program
WORKDIR /app
COPY . .
RUN rm package-lock.json .npmrc && chmod -R u=rwX,go=rX .

FROM node:26.10.0-slim
LABEL org.opencontainers.image.title="calendar-sync" \
  org.opencontainers.image.description="Carries changes made in Google Calendar back to Cal.com bookings" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3100 DATA_DIR=/data
WORKDIR /app
# Made here, so that a new volume in its place belongs to the user of the service.
RUN install -d -m 0700 -o node -g node /data /backups
COPY --from=packages /app/node_modules ./node_modules
COPY --from=program /app ./
USER node
VOLUME ["/data"]
EXPOSE 3100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Not through npm: signals reach the service itself.
CMD ["node", "bin/calendar-sync.cjs", "start"]
