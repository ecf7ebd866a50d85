# shellcheck shell=bash
# The steps of up.sh, in its order. Each can be repeated. The versions are those of versions.env.

name=flotilla
registry=flotilla-registry
github=https://github.com

# apply ARGUMENT...: server-side, so that large CRDs fit and a second run changes nothing.
apply() { run kubectl apply --server-side --force-conflicts "$@"; }

namespace() {
  if [ -n "$dry" ] || ! kubectl get namespace "$1" >/dev/null 2>&1; then run kubectl create namespace "$1"; fi
}

cluster() {
  say "cluster $name: three nodes of $KIND_NODE"
  if [ -n "$dry" ] || ! kind get clusters 2>/dev/null | grep --line-regexp "$name" >/dev/null; then
    run kind create cluster --config gitops/cluster/kind.yaml --image "$KIND_NODE" --wait 180s
  fi
  run kubectl config use-context "kind-$name"
}

# Beside the cluster, and before Docker Hub wherever a node looks for an image: the overlays' names stay as they are.
registry() {
  say 'registry: 127.0.0.1:5001 on this machine, asked by every node before Docker Hub'
  if [ -n "$dry" ] || ! docker inspect "$registry" >/dev/null 2>&1; then
    run docker run --detach --restart always --publish 127.0.0.1:5001:5000 --network kind --name "$registry" "$REGISTRY_IMAGE"
  fi
  run docker start "$registry"
  local node mirror="[host.\"http://$registry:5000\"]"
  for node in "$name-control-plane" "$name-worker" "$name-worker2"; do
    run docker exec "$node" sh -c "mkdir -p /etc/containerd/certs.d/docker.io && echo '$mirror' >/etc/containerd/certs.d/docker.io/hosts.toml"
  done
}

# The images that dev names, as often as its tags change; the ladder's are pushed as ladder/README.md says.
images() {
  local image service
  say 'images: built, and pushed to the registry'
  for image in $(kubectl kustomize kustomize/overlays/dev | sed -n 's/^ *image: //p' | sort --unique); do
    service=$(basename "${image%:*}")
    [ -d "services/$service" ] || continue
    run docker build --build-arg SERVICE="$service" --build-arg SERVICE_VERSION="${image##*:}" --tag "127.0.0.1:5001/$image" .
    run docker push "127.0.0.1:5001/$image"
  done
}

gateway() {
  say "gateway: Traefik $TRAEFIK with the Gateway API $GATEWAY_API"
  apply --filename "$github/kubernetes-sigs/gateway-api/releases/download/$GATEWAY_API/standard-install.yaml"
  apply --filename "https://raw.githubusercontent.com/traefik/traefik/$TRAEFIK/docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"
  apply --filename - <<<"$(sed "s/traefik:VERSION/traefik:$TRAEFIK/" gitops/cluster/gateway.yaml)"
}

# kind's kubelets have certificates that nobody has signed.
metrics_server() {
  say "metrics-server $METRICS_SERVER: for autoscalers and kubectl top"
  local folder
  folder=$(mktemp -d)
  cat >"$folder/kustomization.yaml" <<END
resources: [$github/kubernetes-sigs/metrics-server/releases/download/$METRICS_SERVER/components.yaml]
patches:
  - target: {kind: Deployment, name: metrics-server}
    patch: |
      - {op: add, path: /spec/template/spec/containers/0/args/-, value: --kubelet-insecure-tls}
END
  apply --kustomize "$folder"
  rm -r "$folder"
}

rollouts() {
  say "Argo Rollouts $ARGO_ROLLOUTS, and the kit's analyses"
  namespace argo-rollouts
  apply --namespace argo-rollouts --filename "$github/argoproj/argo-rollouts/releases/download/$ARGO_ROLLOUTS/install.yaml"
  apply --kustomize gitops/rollouts
}

monitoring() {
  ! wants flux || return 0
  local kit=gitops/flux/infrastructure version
  version=$(sed -n 's/^ *tag: //p' "$kit/kube-prometheus-stack.yaml")
  say "monitoring: kube-prometheus-stack $version, then the rules and dashboards"
  apply --filename "$kit/namespace.yaml"
  apply --namespace monitoring --kustomize monitoring/kube-state-metrics
  run helm upgrade --install kube-prometheus-stack oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack \
    --version "$version" --namespace monitoring --values "$kit/values.yaml" --wait --timeout 15m
  apply --kustomize monitoring
  apply --filename gitops/cluster/doors/monitoring.yaml
}

argocd() {
  say "Argo CD $ARGOCD, and its kit"
  namespace argocd
  apply --namespace argocd --filename "https://raw.githubusercontent.com/argoproj/argo-cd/$ARGOCD/manifests/install.yaml"
  apply --kustomize gitops/argocd
  apply --filename gitops/cluster/doors/argocd.yaml
}

flux() {
  say "Flux $FLUX, and its kit"
  apply --filename "$github/fluxcd/flux2/releases/download/$FLUX/install.yaml"
  run kubectl wait --for=condition=Established crd --selector app.kubernetes.io/part-of=flux --timeout 60s
  apply --kustomize gitops/flux
}

# Its user is admin with the password admin; the key that signs logins is this cluster's own.
kargo() {
  say "Kargo $KARGO on cert-manager $CERT_MANAGER, and its kit"
  local key=dry-run
  [ -n "$dry" ] || key=$(kubectl get namespace kube-system --output 'jsonpath={.metadata.uid}')
  apply --filename "$github/cert-manager/cert-manager/releases/download/$CERT_MANAGER/cert-manager.yaml"
  run kubectl --namespace cert-manager rollout status deployment/cert-manager-webhook --timeout 180s
  # shellcheck disable=SC2016  # a hash, no variables
  run helm upgrade --install kargo oci://ghcr.io/akuity/kargo-charts/kargo --version "$KARGO" --namespace kargo --create-namespace \
    --set api.tls.enabled=false --set "api.adminAccount.tokenSigningKey=$key" \
    --set 'api.adminAccount.passwordHash=$2a$10$Zrhhie4vLz5ygtVSaif6o.qN36jgs6vjtMBdM6yrU1FOeiAAMMxOm' --wait --timeout 10m
  apply --kustomize gitops/kargo
  apply --filename gitops/cluster/doors/kargo.yaml
}

fleet() {
  say 'the fleet: dev, by kubectl'
  apply --kustomize kustomize/overlays/dev
}

# settled NAMESPACE: waits until check.sh has nothing to say of it, and says every ten seconds what for.
settled() {
  say "waiting until everything is ready in $1, 15 minutes at most"
  [ -z "$dry" ] || return 0
  local end=$((SECONDS + ${WAIT_SEC:-900})) report
  until report=$(gitops/cluster/check.sh "$1"); do
    [ $SECONDS -lt $end ] || { printf '%s\n' "$report"; fail 'not ready in time; check.sh says it again'; }
    grep '^no' <<<"$report" | sed "s/^no/    $SECONDS s:/"
    sleep 10
  done
}

table() {
  say 'where it is'
  [ -z "$dry" ] || return 0
  local environment service port what host
  doors | while read -r port what _; do
    # Only kind maps the doors to this machine.
    printf '    %-32s %s\n' "$what" "$([ -n "$existing" ] && echo "NodePort $port" || echo "http://127.0.0.1:$((port - 22000))")"
  done
  for environment in $(environments); do
    for service in services/*/; do
      host=$(host "$environment" "$(basename "$service")")
      [ -z "$host" ] || printf '    %-32s %s\n' "$host" "curl -H 'Host: $host' $GATEWAY/"
    done
  done
  echo '    in a browser: the names above, with 127.0.0.1 before them in /etc/hosts, and the port of the gateway behind them'
}
