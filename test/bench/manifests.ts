/**
 * @module Manifests for measurements: always the same for the same count, of the kinds that a Git repository holds.
 */

type Maker = (index: number) => string;

/** Of ten documents four are NetworkPolicies, four Deployments, one a Service and one a ConfigMap. */
const ROUND: readonly Maker[] = [
  networkPolicy,
  deployment,
  networkPolicy,
  deployment,
  service,
  networkPolicy,
  deployment,
  networkPolicy,
  deployment,
  configMap,
];

/**
 * One YAML stream of so many documents, about 1.3 kB each.
 * @param count number of documents
 */
export function generateManifests(count: number): string {
  const documents = Array.from({ length: count }, (_, index) => ROUND[index % ROUND.length]?.(index) ?? "");
  return documents.join("---\n");
}

function metadata(name: string, index: number): string {
  return `metadata:
  name: ${name}-${index}
  namespace: team-${index % 97}
  labels:
    app.kubernetes.io/name: ${name}-${index}
    app.kubernetes.io/part-of: shop
    app.kubernetes.io/managed-by: git
    owner: "team-${index % 97}"
    security-domain: ${index % 3 === 0 ? "internal" : "restricted"}
  annotations:
    example.org/ticket: "NET-${1000 + index}"
    example.org/description: 'Made for measurements; nothing runs from it.'
`;
}

function networkPolicy(index: number): string {
  const peers = Array.from(
    { length: 4 },
    (_, peer) => `    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: team-${(index + peer) % 97}
          podSelector:
            matchLabels:
              app.kubernetes.io/name: caller-${peer}
        - ipBlock:
            cidr: 10.${index % 250}.${peer}.0/24
      ports:
        - protocol: TCP
          port: ${8080 + peer}
`,
  ).join("");
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
${metadata("allow-callers", index)}spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: app-${index}
  policyTypes: [Ingress, Egress]
  ingress:
${peers}  egress: []
`;
}

function deployment(index: number): string {
  return `apiVersion: apps/v1
kind: Deployment
${metadata("app", index)}spec:
  replicas: ${1 + (index % 5)}
  selector:
    matchLabels:
      app.kubernetes.io/name: app-${index}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-${index}
        owner: "team-${index % 97}"
    spec:
      automountServiceAccountToken: false
      containers:
        - name: main # the only one
          image: "example.org/shop/app:${index % 40}.1.2"
          args: ["--listen=:8080", "--verbose"]
          env:
            - name: MODE
              value: "production"
            - name: WORKERS
              value: "4"
          ports:
            - name: http
              containerPort: 8080
          resources:
            requests: { cpu: 100m, memory: 128Mi }
            limits: { memory: 256Mi }
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
`;
}

function service(index: number): string {
  return `apiVersion: v1
kind: Service
${metadata("service", index)}spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: app-${index}
  ports:
    - name: http
      port: 80
      targetPort: 8080
`;
}

function configMap(index: number): string {
  return `apiVersion: v1
kind: ConfigMap
${metadata("settings", index)}data:
  mode: production
  settings.ini: |
    [server]
    listen = 0.0.0.0:8080
    workers = ${index % 16}

    [log]
    level = info
  greeting: >-
    Text over
    two lines.
`;
}
