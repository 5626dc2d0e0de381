/// What Docker 29.7 knows: a command a line, and behind the colon its flags, each with its letter.
///
/// A command without flags is another name of one that has them, or one that Kade refuses.
extension PeerCommands {
    static let docker = """
        (globals): config context/c debug/D host/H log-level/l tls tlscacert tlscert tlskey \
        tlsverify version/v
        attach
        bake
        build
        builder build: add-host build-arg cache-from cgroup-parent compress cpu-period \
        cpu-quota cpu-shares/c cpuset-cpus cpuset-mems disable-content-trust file/f force-rm \
        iidfile isolation label memory/m memory-swap network no-cache platform pull quiet/q rm \
        security-opt shm-size squash tag/t target ulimit
        builder prune: all/a filter force/f keep-storage
        buildx bake
        buildx build
        buildx create
        buildx debug
        buildx dial-stdio
        buildx du
        buildx history
        buildx imagetools
        buildx inspect
        buildx ls
        buildx prune
        buildx rm
        buildx stop
        buildx use
        buildx version
        checkpoint create
        checkpoint ls
        checkpoint rm
        commit: author/a change/c message/m pause/p
        compose
        compose up
        config create
        config inspect
        config ls
        config rm
        container attach: detach-keys no-stdin sig-proxy
        container commit: author/a change/c message/m no-pause pause/p
        container cp: archive/a follow-link/L quiet/q
        container create: add-host annotation attach/a blkio-weight blkio-weight-device cap-add \
        cap-drop cgroup-parent cgroupns cidfile cpu-count cpu-percent cpu-period cpu-quota \
        cpu-rt-period cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems device \
        device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops \
        disable-content-trust dns dns-option dns-search domainname entrypoint env/e env-file \
        expose gpus group-add health-cmd health-interval health-retries health-start-interval \
        health-start-period health-timeout hostname/h init interactive/i io-maxbandwidth \
        io-maxiops ip ip6 ipc isolation kernel-memory label/l label-file link link-local-ip \
        log-driver log-opt mac-address memory/m memory-reservation memory-swap \
        memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable \
        oom-score-adj pid pids-limit platform privileged publish/p publish-all/P pull quiet/q \
        read-only restart rm runtime security-opt shm-size stop-signal stop-timeout storage-opt \
        sysctl tmpfs tty/t ulimit use-api-socket user/u userns uts volume/v volume-driver \
        volumes-from workdir/w
        container diff
        container exec: detach/d detach-keys env/e env-file interactive/i privileged tty/t \
        user/u workdir/w
        container export: output/o
        container inspect: format/f size/s
        container kill: signal/s
        container logs: details follow/f since tail/n timestamps/t until
        container ls: all/a filter/f format last/n latest/l no-trunc quiet/q size/s
        container pause
        container port
        container prune: filter force/f
        container rename
        container restart: signal/s timeout/t
        container rm: force/f link/l volumes/v
        container run: add-host annotation attach/a blkio-weight blkio-weight-device cap-add \
        cap-drop cgroup-parent cgroupns cidfile cpu-count cpu-percent cpu-period cpu-quota \
        cpu-rt-period cpu-rt-runtime cpu-shares/c cpus cpuset-cpus cpuset-mems detach/d \
        detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps \
        device-write-iops disable-content-trust dns dns-option dns-search domainname entrypoint \
        env/e env-file expose gpus group-add health-cmd health-interval health-retries \
        health-start-interval health-start-period health-timeout hostname/h init interactive/i \
        io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label/l label-file link \
        link-local-ip log-driver log-opt mac-address memory/m memory-reservation memory-swap \
        memory-swappiness mount name network network-alias no-healthcheck oom-kill-disable \
        oom-score-adj pid pids-limit platform privileged publish/p publish-all/P pull quiet/q \
        read-only restart rm runtime security-opt shm-size sig-proxy stop-signal stop-timeout \
        storage-opt sysctl tmpfs tty/t ulimit use-api-socket user/u userns uts volume/v \
        volume-driver volumes-from workdir/w
        container start: attach/a checkpoint checkpoint-dir detach-keys interactive/i
        container stats: all/a format no-stream no-trunc
        container stop: signal/s timeout/t
        container top
        container unpause
        container update: blkio-weight cpu-period cpu-quota cpu-rt-period cpu-rt-runtime \
        cpu-shares/c cpus cpuset-cpus cpuset-mems memory/m memory-reservation memory-swap \
        pids-limit restart
        container wait
        context create
        context export
        context import
        context inspect
        context ls
        context rm
        context show
        context update
        context use
        cp
        create
        diff
        events
        exec
        export
        history
        image build: add-host build-arg cache-from cgroup-parent compress cpu-period cpu-quota \
        cpu-shares/c cpuset-cpus cpuset-mems disable-content-trust file/f force-rm iidfile \
        isolation label memory/m memory-swap network no-cache platform pull quiet/q rm \
        security-opt shm-size squash tag/t target ulimit
        image history: format human/H no-trunc platform quiet/q
        image import: change/c message/m platform
        image inspect: format/f platform
        image load: input/i platform quiet/q
        image ls: all/a digests filter/f format no-trunc quiet/q tree
        image prune: all/a filter force/f
        image pull: all-tags/a disable-content-trust platform quiet/q
        image push: all-tags/a disable-content-trust platform quiet/q
        image rm: force/f no-prune platform
        image save: output/o platform
        image tag
        images: all/a digests filter/f format no-trunc quiet/q tree
        import
        info
        inspect: format/f size/s type
        kill
        load
        login: password/p password-stdin username/u
        logout
        logs
        manifest annotate: arch os os-features os-version variant
        manifest create: amend/a insecure
        manifest inspect: insecure verbose/v
        manifest push: insecure purge/p
        manifest rm
        network connect: alias driver-opt gw-priority ip ip6 link link-local-ip
        network create: attachable aux-address config-from config-only driver/d gateway ingress \
        internal ip-range ipam-driver ipam-opt ipv4 ipv6 label opt/o scope subnet
        network disconnect: force/f
        network inspect: format/f verbose/v
        network ls: filter/f format no-trunc quiet/q
        network prune: filter force/f
        network rm: force/f
        node demote
        node inspect
        node ls
        node promote
        node ps
        node rm
        node update
        pause
        plugin create
        plugin disable
        plugin enable
        plugin inspect
        plugin install
        plugin ls
        plugin push
        plugin rm
        plugin set
        plugin upgrade
        port
        ps: all/a filter/f format last/n latest/l no-trunc quiet/q size/s
        pull
        push
        rename
        restart
        rm
        rmi: force/f no-prune platform
        run
        save
        search: filter/f format limit no-trunc
        secret create: driver/d label/l template-driver
        secret inspect: format/f pretty
        secret ls: filter/f format quiet/q
        secret rm
        service create
        service inspect
        service logs
        service ls
        service ps
        service rm
        service rollback
        service scale
        service update
        stack config
        stack deploy
        stack ls
        stack ps
        stack rm
        stack services
        start
        stats
        stop
        swarm ca
        swarm init
        swarm join
        swarm join-token
        swarm leave
        swarm unlock
        swarm unlock-key
        swarm update
        system df: format verbose/v
        system dial-stdio
        system events: filter/f format since until
        system info: format/f
        system prune: all/a filter force/f volumes
        tag
        top
        trust inspect
        trust key generate
        trust key load
        trust revoke
        trust sign
        trust signer add
        trust signer remove
        unpause
        update
        version: format/f
        volume create: availability driver/d group label limit-bytes opt/o required-bytes scope \
        secret sharing topology-preferred topology-required type
        volume inspect: format/f
        volume ls: cluster filter/f format quiet/q
        volume prune: all/a filter force/f
        volume rm: force/f
        volume update: availability
        wait
        """
}
